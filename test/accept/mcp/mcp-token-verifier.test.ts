import { beforeAll, describe, expect, test } from '@jest/globals';
import { type KeyRing, RateLimitExceededError, TemporarilyUnavailableError } from 'passport-jwe';
import { type McpErrorCode, tokenVerifier } from 'passport-jwe/mcp';
import { rejectionOf, thrownBy } from '../../support/caught.js';
import { makeExternal, trustIdp } from '../../support/external-tokens.js';
import { generateEc } from '../../support/key-pairs.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../../support/tokens.js';

/** As the SDKs represent errors. */
class SdkError extends Error {
  readonly code: McpErrorCode;
  constructor(code: McpErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

const createError = (code: McpErrorCode, message: string) => new SdkError(code, message);
const INVALID = { code: 'invalid_token', message: 'The access token is not valid' };

let keyRing: KeyRing;

beforeAll(async () => {
  keyRing = await createRing();
});

const create = (options = {}) =>
  tokenVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, createError, ...options });

describe('tokenVerifier', () => {
  test('returns the AuthInfo of a token', async () => {
    const token = mintToken(keyRing, { claims: { client_id: 'editor', scope: 'notes:read' } });

    expect(await create().verifyAccessToken(token)).toMatchObject({
      ...{ token, clientId: 'editor', scopes: ['notes:read'], resource: new URL(AUDIENCE) },
    });
  });

  test.each([
    ['jkt', { jkt: 'A'.repeat(43) }],
    ['x5t#S256', { 'x5t#S256': 'A'.repeat(43) }],
    ['an unknown member', { unknown: 'x' }],
    ['no member', {}],
  ])('rejects a token with cnf: %s', async (_name, cnf) => {
    const failure = await rejectionOf(create().verifyAccessToken(mintToken(keyRing, { claims: { cnf } })));

    expect(failure).toBeInstanceOf(SdkError);
    expect(failure).toMatchObject(INVALID);
  });

  test('rejects a token of another audience with an error of the SDK', async () => {
    const token = mintToken(keyRing, { claims: { aud: 'https://other.example.com' } });

    expect(await rejectionOf(create().verifyAccessToken(token))).toMatchObject(INVALID);
  });

  test('reports an outage as a server error, not as a verdict on the token', async () => {
    const revocations = { isRevoked: () => Promise.reject(new TemporarilyUnavailableError()) };
    const failure = await rejectionOf(create({ revocations }).verifyAccessToken(mintToken(keyRing)));

    expect(failure).toMatchObject({
      code: 'server_error',
      message: 'A required service is temporarily unavailable; retry later',
    });
  });

  test('reports an exceeded limit as a server error', async () => {
    const quotas = [{ name: 'minute', quota: 1, windowSeconds: 60, remaining: 0 }];
    const revocations = { isRevoked: () => Promise.reject(new RateLimitExceededError(7, quotas)) };
    const failure = await rejectionOf(create({ revocations }).verifyAccessToken(mintToken(keyRing)));

    expect(failure).toBeInstanceOf(SdkError);
    expect(failure).toMatchObject({ code: 'server_error' });
  });

  test('denies access to a valid token that names no client, for which no new token helps', async () => {
    const [key, signer] = [
      generateEc('P-256', { kid: 'e' }),
      generateEc('P-256', { kid: 's', alg: 'ES256' }),
    ];
    const trustedIssuers = [await trustIdp({ keys: key, signer })];
    const token = await makeExternal({ key, alg: 'ECDH-ES', signer, claims: { client_id: undefined } });

    expect(await rejectionOf(create({ trustedIssuers }).verifyAccessToken(token))).toMatchObject({
      ...{ code: 'access_denied', message: 'The access token names no client' },
    });
  });

  test('throws for a missing createError and for unknown options', () => {
    expect(thrownBy(() => create({ createError: undefined }))).toMatchObject({
      message: expect.stringContaining('tokenVerifier: createError must be a function'),
    });
    expect(thrownBy(() => create({ expectedResource: AUDIENCE }))).toMatchObject({
      message: expect.stringContaining('tokenVerifier: unknown option expectedResource'),
    });
  });
});
