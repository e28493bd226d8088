import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { RegisteredKey } from '../../src/api-keys/api-key-registry.js';

// Lawson, Nelson 2010, Exploiting timing attacks in widespread systems: a comparison that ends at the first character
// that differs tells a secret character by character. That none is made is seen in what is called, not by a stopwatch:
// a secret is hashed, found by its digest, and compared as a digest in constant time.

const crypto = await import('node:crypto');
const timingSafeEqual = jest.fn(crypto.timingSafeEqual);
const createHash = jest.fn(crypto.createHash);
jest.unstable_mockModule('node:crypto', () => ({ ...crypto, timingSafeEqual, createHash }));
const { createApiKeyRegistry, digestSecret } = await import('../../src/api-keys/api-key-registry.js');
const { generateApiKey } = await import('../../src/api-keys/generate-api-key.js');
const { MINIMAL_FILE, apiKeyOf, loadFiles } = await import('../support/api-key-files.js');
const { NOW } = await import('../support/tokens.js');

const SECRET = 'sk-demo-0123456789abcdef';
const GENERATED = generateApiKey();

const register = (keyId: string, secret: string): RegisteredKey => ({
  apiKey: apiKeyOf({ key_id: keyId }),
  digest: digestSecret(secret),
});
const registry = createApiKeyRegistry([
  register('demo', SECRET),
  register('generated', GENERATED),
  {
    ...register('rotating', 'new secret'),
    previous: { digest: digestSecret('old secret'), expiresAt: NOW + 60 },
  },
]);

let lookUp: jest.SpiedFunction<Map<unknown, unknown>['get']>;

beforeEach(() => {
  jest.clearAllMocks();
  lookUp = jest.spyOn(Map.prototype, 'get');
});

afterEach(() => {
  lookUp.mockRestore();
});

/** What was called on the way to the verdict. */
function traceOf(secret: string, keyId?: string) {
  lookUp.mockClear();
  let isKnown = true;
  try {
    registry.authenticate({ secret, ...(keyId === undefined ? {} : { keyId }) }, NOW);
  } catch {
    isKnown = false;
  }
  const lookedUp = lookUp.mock.calls.map(([name]) => name);
  return {
    isKnown,
    lookedUp,
    compared: timingSafeEqual.mock.calls.map((pair) => pair.map((bytes) => bytes.byteLength)),
  };
}

const CASES: readonly (readonly [string, string, boolean])[] = [
  ['the right one', SECRET, true],
  ['a generated one', GENERATED, true],
  ['the previous one of a rotation', 'old secret', true],
  ['one that differs in its first character', `x${SECRET.slice(1)}`, false],
  ['one that differs in its last character', `${SECRET.slice(0, -1)}x`, false],
  ['one that is shorter', SECRET.slice(0, -1), false],
  ['one that is longer', `${SECRET}x`, false],
  ['one of nothing', '', false],
  ['one of a hundred kilobytes', 'x'.repeat(100_000), false],
  ['the digest of the right one', digestSecret(SECRET).toString('hex'), false],
  ['the public name of a key', 'demo', false],
];

describe('the API key of a secret', () => {
  test.each(CASES)('is found only by its digest: %s', (_what, secret, known) => {
    const { isKnown, lookedUp } = traceOf(secret);
    expect(isKnown).toBe(known);
    expect(lookedUp).toContain(digestSecret(secret).toString('hex'));
    expect(lookedUp).not.toContain(secret);
  });

  test.each(CASES)('is compared as 32 bytes in constant time, known or not: %s', (_what, secret) => {
    expect(traceOf(secret).compared).toEqual([[32, 32]]);
    const [[presented] = []] = timingSafeEqual.mock.calls;
    expect(presented).toEqual(digestSecret(secret));
  });

  test('makes the same calls whether it is known, unknown, or sent with another key ID', () => {
    const countsOf = (secret: string, keyId?: string) => {
      jest.clearAllMocks();
      const { lookedUp, compared } = traceOf(secret, keyId);
      return { lookUps: lookedUp.length, comparisons: compared.length, hashes: createHash.mock.calls.length };
    };
    const known = countsOf(SECRET);
    expect(countsOf('unknown secret')).toEqual(known);
    expect(countsOf(SECRET, 'generated')).toEqual(known);
    expect(countsOf('unknown secret', 'demo')).toEqual(known);
    expect(known.comparisons).toBe(1);
  });

  test('is not kept after its file is loaded', async () => {
    await loadFiles({ 'a.yaml': MINIMAL_FILE }); // loads the YAML parser
    const keep = jest.spyOn(Map.prototype, 'set');
    const loaded = await loadFiles({ 'a.yaml': MINIMAL_FILE.replace('k-minimal', SECRET) });
    const kept = inspect([keep.mock.calls, loaded], { depth: 10, showHidden: true, maxStringLength: null });
    keep.mockRestore();

    expect(kept).toContain(digestSecret(SECRET).toString('hex'));
    expect(kept).not.toContain(SECRET);
  });

  test('that was generated and mistyped is rejected by its checksum, before a comparison', () => {
    const mistyped = GENERATED.slice(0, -1) + (GENERATED.endsWith('a') ? 'b' : 'a');
    expect(traceOf(mistyped)).toMatchObject({ isKnown: false, compared: [] });
  });
});
