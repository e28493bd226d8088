import { beforeAll, describe, expect, test } from '@jest/globals';
import { type KeyRing, TemporarilyUnavailableError } from 'passport-jwe';
import { type McpErrorCode, tokenVerifier } from 'passport-jwe/mcp';
import { rejectionOf, thrownBy } from '../../support/caught.js';
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

  test('throws for a missing createError and for unknown options', () => {
    expect(thrownBy(() => create({ createError: undefined }))).toMatchObject({
      message: expect.stringContaining('tokenVerifier: createError must be a function'),
    });
    expect(thrownBy(() => create({ expectedResource: AUDIENCE }))).toMatchObject({
      message: expect.stringContaining('tokenVerifier: unknown option expectedResource'),
    });
  });
});
