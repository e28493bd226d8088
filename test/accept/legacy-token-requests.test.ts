import { describe, expect, test } from '@jest/globals';
import { type JweStrategyOptions, requireScope, requireType } from 'passport-jwe';
import { ADAPTERS } from '../support/apps.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { sendRaw } from '../support/http.js';
import { forgeLegacyToken, LEGACY, LEGACY_CLAIMS, LEGACY_TOKENS } from '../support/legacy-tokens.js';
import { AUDIENCE, clock, createRing, ISSUER, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const keyRing = await createRing();
const NOT_VALID =
  'Bearer realm="api", error="invalid_token", error_description="The access token is not valid"';
const EXPIRED = NOT_VALID.replace('is not valid', 'expired');

describe.each(ADAPTERS)('$name', ({ createApp }) => {
  const accept: JweStrategyOptions = {
    keyRing,
    issuer: ISSUER,
    audience: AUDIENCE,
    clock,
    scopeClaim: 'permissions',
  };

  async function send(token: string, options: Partial<JweStrategyOptions>, scope = 'read:documents') {
    const app = createApp({ ...accept, ...options }, [requireType('tiered_model_exec'), requireScope(scope)]);
    const { status, headers } = await sendRaw(app, [
      'GET /resource HTTP/1.1',
      `Authorization: Bearer ${token}`,
    ]);
    return [status, headers['www-authenticate']];
  }

  test('lets a token of the other stack through guards, with the option', async () => {
    expect(await send(LEGACY_TOKENS.models, { legacy: LEGACY })).toEqual([200, undefined]);
  });

  test.each(['{"alg": "dir", "enc": "A256GCM"}', '{"enc":"A256GCM","alg":"dir"}'])(
    'lets a token through whose header is spelled %s',
    async (header) => {
      const token = forgeLegacyToken(LEGACY_CLAIMS.models, { header });
      expect(await send(token, { legacy: LEGACY })).toEqual([200, undefined]);
      expect(await send(token, {})).toEqual([401, NOT_VALID]);
    },
  );

  test('rejects what its permissions do not name', async () => {
    const [status] = await send(LEGACY_TOKENS.models, { legacy: LEGACY }, 'admin:configurations');
    expect(status).toBe(403);
  });

  test('rejects it without the option', async () => {
    expect(await send(LEGACY_TOKENS.models, {})).toEqual([401, NOT_VALID]);
  });

  test.each([
    ['a refresh token', LEGACY_TOKENS.refresh],
    ['another issuer', forgeLegacyToken({ ...LEGACY_CLAIMS.models, iss: ISSUER })],
    ['no exp', forgeLegacyToken(untyped({ ...LEGACY_CLAIMS.models, exp: undefined }))],
    ['an IV of 13 bytes', forgeLegacyToken(LEGACY_CLAIMS.models, { iv: Buffer.alloc(13, 'iv') })],
    ['a part that was changed', LEGACY_TOKENS.models.replace(/\.[^.]*$/, `.${'A'.repeat(22)}`)],
  ])('answers every invalid token identically: %s', async (_, token) => {
    expect(await send(token, { legacy: LEGACY })).toEqual([401, NOT_VALID]);
  });

  test('may state that the token expired, but not that the option did', async () => {
    const late = { legacy: LEGACY, clock: () => NOW + 7200 };
    const tooLate = { legacy: LEGACY, clock: () => LEGACY.until };
    expect(await send(LEGACY_TOKENS.models, late)).toEqual([401, EXPIRED]);
    expect(await send(LEGACY_TOKENS.models, tooLate)).toEqual([401, NOT_VALID]);
  });

  test('records which token was accepted, or why it was rejected', async () => {
    const { audit, records } = createAuditRecorder();
    await send(LEGACY_TOKENS.models, { legacy: LEGACY, audit });
    await send(LEGACY_TOKENS.models, { legacy: { ...LEGACY, until: NOW }, audit });
    const { jti } = LEGACY_CLAIMS.models;
    expect(records).toMatchObject([
      { type: 'token.accepted', jti, clientId: 'enterprise-customer-api-key', count: 1 },
      { type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'expired_key' },
    ]);
  });
});
