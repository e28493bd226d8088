import { describe, expect, test } from '@jest/globals';
import { createKeyRing, type KeyRingOptions } from '../../src/keys/create-key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { JwkSet } from '../../src/keys/parse-jwk.js';
import { encryptToken } from '../../src/token/encrypt-token.js';
import { forgeToken } from '../support/forge-token.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { direct } from '../support/symmetric-key.js';
import {
  AUDIENCE,
  claimsOf,
  clock,
  createRing,
  ISSUER,
  mintToken,
  NOW,
  secretOf,
} from '../support/tokens.js';
import { verdictOn } from '../support/verdicts.js';

const OTHER_AUDIENCE = 'https://other.example.com';
const jwk = { kty: 'oct', kid: 'given', alg: 'A256GCM', k: secretOf(3).toString('base64url') };

/** As a resource server receives it: the export as text, and nothing else. */
function createExportedRing(jwks: JwkSet) {
  return createKeyRing({ current: { jwks: JSON.parse(JSON.stringify(jwks)) } });
}

async function createPreparedRing(options: KeyRingOptions) {
  const ring = await createKeyRing(options);
  internalsOf(ring).prepare('access', AUDIENCE);
  return ring;
}

describe('prepare', () => {
  test('makes the keys of a purpose and an audience known', async () => {
    const { kid } = internalsOf(await createRing()).encryptionKey('access', AUDIENCE);
    const ring = await createRing();
    expect(internalsOf(ring).decryptionKey(kid)).toBeUndefined();
    internalsOf(ring).prepare('access', AUDIENCE);
    expect(internalsOf(ring).decryptionKey(kid)).toMatchObject({
      kid,
      purpose: 'access',
      audience: AUDIENCE,
    });
  });

  test.each([
    ['access', OTHER_AUDIENCE],
    ['refresh', AUDIENCE],
  ] as const)('makes no other ones known: %s, %s', async (purpose, audience) => {
    const { kid } = internalsOf(await createRing()).encryptionKey('access', AUDIENCE);
    const ring = await createRing();
    internalsOf(ring).prepare(purpose, audience);
    expect(internalsOf(ring).decryptionKey(kid)).toBeUndefined();
  });

  test('makes those of previous roots known too', async () => {
    const token = mintToken(await createRing(2));
    const options = { current: { secret: secretOf(1) }, previous: [{ secret: secretOf(2) }] };
    expect(await verdictOn(token, await createKeyRing(options))).toBe('unknown_key');
    expect(await verdictOn(token, await createPreparedRing(options))).toBe('accepted');
  });

  test('derives the same keys again', async () => {
    const ring = await createRing();
    internalsOf(ring).prepare('access', AUDIENCE);
    const key = internalsOf(ring).encryptionKey('access', AUDIENCE);
    internalsOf(ring).prepare('access', AUDIENCE);
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE)).toBe(key);
    expect(internalsOf(ring).decryptionKey(key.kid)).toBe(key);
  });
});

describe('encryptionKey', () => {
  test('is a key of the current root', async () => {
    const ring = await createKeyRing({
      current: { secret: secretOf(1) },
      previous: [{ secret: secretOf(2) }],
    });
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE).kid).toBe(
      internalsOf(await createRing(1)).encryptionKey('access', AUDIENCE).kid,
    );
  });

  test('makes itself known for decryption', async () => {
    const ring = await createRing();
    const key = internalsOf(ring).encryptionKey('access', AUDIENCE);
    expect(internalsOf(ring).decryptionKey(key.kid)).toBe(key);
  });

  test('is the underived key for every audience', async () => {
    const ring = await createKeyRing({ current: { jwk } });
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE).kid).toBe('given');
    expect(internalsOf(ring).encryptionKey('access', OTHER_AUDIENCE).kid).toBe('given');
  });

  test('is rejected for refresh tokens if the current key is underived', async () => {
    const ring = await createKeyRing({ current: { jwk } });
    expect(() => internalsOf(ring).encryptionKey('refresh', AUDIENCE)).toThrow(
      new TypeError(
        'the current key encrypts only access tokens, so it cannot encrypt refresh tokens: use a root (key_ops "deriveKey")',
      ),
    );
  });

  test('is rejected if the current key only decrypts', async () => {
    const ring = await createKeyRing({ current: { jwk: { ...jwk, key_ops: ['decrypt'] } } });
    expect(() => internalsOf(ring).encryptionKey('access', AUDIENCE)).toThrow(
      new TypeError(
        'The current key can only decrypt (key_ops): issue tokens with the key ring that exported it, or use a different current key',
      ),
    );
  });
});

describe('decryptionKey', () => {
  test.each(['', '__proto__', 'constructor', 'toString', 'one'])('knows no %j', async (kid) => {
    expect(internalsOf(await createPreparedRing({ current: { jwk } })).decryptionKey(kid)).toBeUndefined();
  });

  test('knows no root by its own kid', async () => {
    const ring = await createRing();
    internalsOf(ring).prepare('access', AUDIENCE);
    expect(internalsOf(ring).decryptionKey(ring.current)).toBeUndefined();
  });
});

describe('notAfter', () => {
  const previous = [{ secret: secretOf(2), notAfter: NOW }];

  test('ends the keys of a previous root, from that second on', async () => {
    const token = mintToken(await createRing(2));
    const ring = await createPreparedRing({ current: { secret: secretOf(1) }, previous });
    expect(await verdictOn(token, ring, { now: NOW - 1 })).toBe('accepted');
    expect(await verdictOn(token, ring, { now: NOW })).toBe('expired_key');
    expect(await verdictOn(token, ring, { now: NOW + 1 })).toBe('expired_key');
  });

  test('ends no key of the current root', async () => {
    const ring = await createPreparedRing({ current: { secret: secretOf(1) }, previous });
    expect(await verdictOn(mintToken(ring), ring, { now: NOW + 1 })).toBe('accepted');
  });

  test('ends an underived previous key', async () => {
    const token = mintToken(await createKeyRing({ current: { jwk } }));
    const ring = await createKeyRing({
      current: { secret: secretOf(1) },
      previous: [{ jwk, notAfter: NOW }],
    });
    expect(await verdictOn(token, ring, { now: NOW - 1 })).toBe('accepted');
    expect(await verdictOn(token, ring, { now: NOW })).toBe('expired_key');
  });

  test('is exported with the key', async () => {
    const token = mintToken(await createRing(2));
    const ring = await createKeyRing({ current: { secret: secretOf(1) }, previous });
    const exported = await createExportedRing(ring.exportAccessKeys(AUDIENCE));
    expect(await verdictOn(token, exported, { now: NOW - 1 })).toBe('accepted');
    expect(await verdictOn(token, exported, { now: NOW })).toBe('expired_key');
  });
});

describe('a ring', () => {
  test('holds no secret under two key IDs, with conflicting expiry', async () => {
    const named = { kty: 'oct', kid: 'named', key_ops: ['deriveKey'], k: secretOf(1).toString('base64url') };
    const previous = [{ jwk: named, notAfter: NOW }];
    await expect(createKeyRing({ current: { secret: secretOf(1) }, previous })).rejects.toEqual(
      new TypeError('createKeyRing: two keys have the same root secret: remove one of them'),
    );
  });

  test('of several versions encrypts by the one that began last', async () => {
    const named = (kid: string, nbf: number) => ({ kty: 'oct', kid, nbf, key_ops: ['deriveKey'] });
    const keys = [
      { ...named('older', 1000), k: secretOf(1).toString('base64url') },
      { ...named('newer', 2000), k: secretOf(2).toString('base64url') },
    ];
    const ring = await createKeyRing({ current: { jwks: { keys } } });
    expect([ring.current, ring.previous]).toEqual(['newer', ['older']]);
  });

  test('does not count usage by default', async () => {
    const ring = await createRing();
    expect(internalsOf(ring).claimUse(internalsOf(ring).encryptionKey('access', AUDIENCE))).toBeUndefined();
  });

  test('that has no source has nothing to look into for an unknown key', async () => {
    await expect(internalsOf(await createRing()).reloadForUnknownKey()).resolves.toBe(false);
  });
});

describe('exportAccessKeys', () => {
  test('opens the tokens of that audience, by every version of the ring', async () => {
    const ring = await createKeyRing({
      current: { secret: secretOf(1) },
      previous: [{ secret: secretOf(2) }],
    });
    const exported = await createExportedRing(ring.exportAccessKeys(AUDIENCE));
    expect(await verdictOn(mintToken(ring), exported)).toBe('accepted');
    expect(await verdictOn(mintToken(await createRing(2)), exported)).toBe('accepted');
  });

  test.each([
    ['access', OTHER_AUDIENCE],
    ['refresh', AUDIENCE],
    ['refresh', OTHER_AUDIENCE],
  ] as const)('opens no token of purpose %s for %s', async (purpose, audience) => {
    const ring = await createRing();
    const key = internalsOf(ring).encryptionKey(purpose, audience);
    const exported = await createExportedRing(ring.exportAccessKeys(AUDIENCE));
    internalsOf(exported).prepare(purpose, audience);
    expect(await verdictOn(forgeToken(key), exported)).toBe('unknown_key');
    for (const { kid } of ring.exportAccessKeys(AUDIENCE).keys) {
      expect(await verdictOn(forgeToken(key, { header: { kid: String(kid) } }), exported)).toBe('decryption');
    }
  });

  test('contains no root and no other key', async () => {
    const ring = await createRing();
    internalsOf(ring).prepare('refresh', AUDIENCE);
    internalsOf(ring).prepare('access', OTHER_AUDIENCE);
    const key = internalsOf(ring).encryptionKey('access', AUDIENCE);
    expect(ring.exportAccessKeys(AUDIENCE)).toEqual({
      keys: [
        {
          kty: 'oct',
          kid: key.kid,
          alg: 'A256GCM',
          use: 'enc',
          key_ops: ['decrypt'],
          aud: AUDIENCE,
          k: direct(key).secret.export().toString('base64url'),
        },
      ],
    });
  });

  test.each(['access', 'refresh'] as const)('encrypts nothing for %s', async (purpose) => {
    const exported = await createExportedRing((await createRing()).exportAccessKeys(AUDIENCE));
    expect(() => internalsOf(exported).encryptionKey(purpose, AUDIENCE)).toThrow(TypeError);
    expect(() => internalsOf(exported).encryptionKey(purpose, OTHER_AUDIENCE)).toThrow(TypeError);
  });

  test('restricts each key to its audience, on a server with several audiences', async () => {
    const root = await createRing();
    const [one, other] = [AUDIENCE, OTHER_AUDIENCE].map((audience) => root.exportAccessKeys(audience));
    const server = await createKeyRing({
      current: { jwks: one ?? { keys: [] } },
      previous: [{ jwks: other ?? { keys: [] } }],
    });
    const forged = encryptToken(
      claimsOf({ aud: OTHER_AUDIENCE }),
      internalsOf(root).encryptionKey('access', AUDIENCE),
      {
        typ: 'at+jwt',
      },
    );
    const tokens = createIssuerAndVerifier({
      keyRing: server,
      issuer: ISSUER,
      audience: [AUDIENCE, OTHER_AUDIENCE],
      clock,
    });

    await expect(tokens.verify(forged)).rejects.toMatchObject({ reason: 'wrong_audience' });
  });

  test('leaves out keys that were given underived, since they open the tokens of every audience', async () => {
    const ring = await createKeyRing({ current: { secret: secretOf(1) }, previous: [{ jwk }] });
    const exported = await createExportedRing(ring.exportAccessKeys(AUDIENCE));
    expect(await verdictOn(mintToken(await createKeyRing({ current: { jwk } })), exported)).toBe(
      'unknown_key',
    );
  });

  test('rejects a ring whose current key is underived', async () => {
    const ring = await createKeyRing({ current: { jwk }, previous: [{ secret: secretOf(1) }] });
    expect(() => ring.exportAccessKeys(AUDIENCE)).toThrow(
      new TypeError(
        'exportAccessKeys: the current key must be a root (key_ops "deriveKey"), because an underived key decrypts for every audience: add a root as current',
      ),
    );
  });

  test('includes nbf and exp of a key, if it has them', async () => {
    const root = { kty: 'oct', key_ops: ['deriveKey'] };
    const ring = await createKeyRing({
      current: { jwk: { ...root, kid: 'a', k: secretOf(1).toString('base64url'), nbf: NOW - 10 } },
      previous: [{ jwk: { ...root, kid: 'b', k: secretOf(2).toString('base64url'), exp: NOW } }],
    });
    const exported = { kty: 'oct', aud: AUDIENCE, use: 'enc', key_ops: ['decrypt'], alg: 'A256GCM' };
    const [kid, text] = [expect.any(String), expect.any(String)];
    expect(ring.exportAccessKeys(AUDIENCE).keys).toStrictEqual([
      { ...exported, kid, k: text, nbf: NOW - 10 },
      { ...exported, kid, k: text, exp: NOW },
    ]);
  });
});
