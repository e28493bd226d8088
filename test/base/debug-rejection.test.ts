import { beforeAll, describe, expect, test } from '@jest/globals';
import { startProgram } from '../support/processes.js';

const PROGRAM = 'test/support/programs/reject-requests.js';

/** Runs the program that rejects requests. */
async function run(environment: Readonly<Record<string, string>>) {
  const program = startProgram(PROGRAM, environment);
  expect(await program.ended).toBe(0);
  const printed = program.output().trim().split('\n');
  const secrets: readonly string[] = JSON.parse(printed.find((line) => line.startsWith('[')) ?? '[]');
  const debugged = printed.filter((line) => line.startsWith('PASSPORT-JWE '));
  return { secrets, debugged, lines: debugged.map((line) => line.replace(/^PASSPORT-JWE \d+: /, '')) };
}

let on: Awaited<ReturnType<typeof run>>;
let off: Awaited<ReturnType<typeof run>>;

beforeAll(async () => {
  [on, off] = await Promise.all([run({ NODE_DEBUG: 'http2,passport-jwe' }), run({ NODE_DEBUG: 'http2' })]);
});

const rejections = () => on.lines.filter((line) => line.includes(' rejected: '));
const withText = (...texts: readonly string[]) =>
  rejections().filter((line) => texts.every((text) => line.includes(text)));

describe('NODE_DEBUG=passport-jwe', () => {
  test('prints one line for each rejection, in order', () => {
    expect(rejections().map((line) => line.split(/ \{| No | The | `| Client /, 1)[0])).toEqual([
      'authenticate rejected: ERR_MISSING_CREDENTIALS',
      'authenticate rejected: ERR_INVALID_TOKEN wrong_audience',
      'authenticate rejected: ERR_INVALID_TOKEN wrong_issuer',
      'authenticate rejected: ERR_INVALID_TOKEN expired',
      'authenticate rejected: ERR_INVALID_TOKEN wrong_audience',
      'authenticate rejected: ERR_INVALID_TOKEN wrong_environment',
      'authenticate rejected: ERR_INVALID_TOKEN unknown_key',
      'requireScope rejected: ERR_INSUFFICIENT_SCOPE',
      'requireType rejected: ERR_ACCESS_DENIED',
      'requireScope rejected: ERR_MISSING_CREDENTIALS',
      'JweStrategy rejected: ERR_INVALID_TOKEN no_user',
      'JweStrategy rejected: ERR_TEMPORARILY_UNAVAILABLE',
      'requireScope rejected: ERR_INSUFFICIENT_SCOPE',
      'authenticate rejected: ERR_INVALID_DPOP_PROOF proof_missing',
      'createTokenVerifier rejected: ERR_INVALID_TOKEN expired',
      'tokenRouter POST /token rejected: ERR_INVALID_CLIENT unknown_key',
      'tokenRouter POST /token rejected: ERR_INVALID_REQUEST invalid_subject_token expired',
    ]);
  });

  test.each([
    [
      'the audience',
      'wrong_audience',
      '"expected":["https://api.example.com"],"found":"https://billing.example.com"',
    ],
    [
      'another spelling',
      'wrong_audience',
      '"expected":"https://api.example.com","found":"https://api.example.com/"',
    ],
    [
      'the issuer',
      'wrong_issuer',
      '"expected":["https://auth.example.com"],"found":"https://other.example.com"',
    ],
    ['the environment', 'wrong_environment', '"expected":"production","found":"staging"'],
    ['the age', 'expired', '"expected":"at most 5 s","found":"33'],
    ['the scope', 'ERR_INSUFFICIENT_SCOPE', '"required":"admin"'],
    ['the token type', 'ERR_ACCESS_DENIED', '"type":"user"'],
    ['where a token is expected', 'ERR_MISSING_CREDENTIALS', '"tokenLocations":["Authorization: Bearer"]'],
    ['that no authentication ran', 'ERR_MISSING_CREDENTIALS', '"authenticated":false'],
    ['the cause of an outage', 'ERR_TEMPORARILY_UNAVAILABLE', "open 'absent/users.json'"],
    ['the fix', 'wrong_environment', 'Set the same `environment`'],
    ['the section', 'wrong_environment', 'docs/reference/errors.md#wrong_environment'],
    ['the fix of a DPoP proof', 'proof_missing', 'Send a new proof in the `DPoP` header'],
    ['the section of a DPoP proof', 'proof_missing', 'docs/reference/errors.md#proof_missing'],
  ])('names %s', (_what, reason, text) => {
    expect(withText(reason, text)).not.toEqual([]);
  });

  test('prints one line with the configuration of each middleware, strategy, verifier, router and store', () => {
    const configured = on.lines.filter((line) => line.includes(' configured: '));
    const names = configured.map((line) => line.split('(', 1)[0]);

    expect(names).toEqual([
      ...[
        'createMemoryStores',
        'JweStrategy',
        'JweStrategy',
        'tokenRouter',
        'authenticate',
        'authenticate',
        'authenticate',
      ],
      'createTokenVerifier',
    ]);
    const [, strategy, , router, , , middleware] = configured.map((line) =>
      JSON.parse(line.replace(/^.*?: /, '')),
    );
    expect(strategy).toMatchObject({ revocations: 'checked', apiKeys: 'not checked' });
    expect(router).toMatchObject({ apiKeys: 1, refresh: false, throttle: { failuresPerMinute: 1000 } });
    expect(middleware).toEqual({
      issuer: ['https://auth.example.com'],
      audience: ['https://api.example.com'],
      environment: 'production',
      keys: { [Object.keys(middleware.keys).join()]: 'current' },
      trustedIssuers: [],
      apiKeys: 1,
      revocations: 'not checked',
      typ: ['at+jwt'],
      clockToleranceSeconds: 5,
      maxTokenAgeSeconds: 'none',
      maxTokenLifetimeSeconds: 86_400,
      requiredClaims: [],
      scopeClaim: 'scope',
      maxTokenLength: 8192,
      tokenCache: { maxEntries: 10_000, maxBytes: 67_108_864 },
      verification: [],
      claimsSchema: false,
      scope: [],
      tokenLocations: ['Authorization: Bearer'],
      dpop: false,
      mutualTls: false,
      audit: false,
    });
  });

  test('prints no segment of a token, no secret and no claim about the user', () => {
    expect(on.secrets.length).toBeGreaterThan(20);
    const leaked = on.secrets.filter((secret) => on.debugged.some((line) => line.includes(secret)));
    expect(leaked).toEqual([]);
  });
});

test('nothing is printed if NODE_DEBUG does not contain passport-jwe', () => {
  expect(off.secrets.length).toBeGreaterThan(20);
  expect(off.debugged).toEqual([]);
});
