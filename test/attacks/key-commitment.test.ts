import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ContentKey } from '../../src/keys/content-key.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { openAesGcm } from '../../src/token/aes-gcm.js';
import { ACCEPTED, refusedAs, startTarget } from '../support/attack-target.js';
import { keyRingWith } from '../support/key-ring-with.js';
import { direct } from '../support/symmetric-key.js';
import { AUDIENCE, createRing, secretOf } from '../support/tokens.js';
import { sealForTwoKeys } from '../support/two-key-token.js';

// Len, Grubbs, Ristenpart 2021, Partitioning oracle attacks: a ciphertext that is authentic under many keys asks with one
// token whether a server holds any of them. Here a token names one key, and no other one is tried.

let key: ContentKey;
let other: ContentKey;
let token: string;

beforeAll(async () => {
  key = internalsOf(await createRing(1)).encryptionKey('access', AUDIENCE);
  other = internalsOf(await createRing(2)).encryptionKey('access', AUDIENCE);
  token = sealForTwoKeys(key, other);
});

function openRaw(by: ContentKey): Buffer {
  const [header = '', , ...parts] = token.split('.');
  const [iv, ciphertext, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
  if (iv === undefined || ciphertext === undefined || tag === undefined) throw new Error('Parts are missing');
  const { enc, secret } = direct(by);
  return openAesGcm(enc, { iv, ciphertext, tag }, Buffer.from(header), secret);
}

async function presentTo(keyRing: KeyRing) {
  const looked: string[] = [];
  const watched = keyRingWith(keyRing, {
    decryptionKey(kid) {
      looked.push(kid);
      return internalsOf(keyRing).decryptionKey(kid);
    },
  });
  const target = await startTarget({ keyRing: watched });
  const answer = await target.present(token);
  await target.close();
  return { answer, looked: new Set(looked) };
}

describe('a token that is authentic under two keys', () => {
  test('decrypts under both, to different claims', () => {
    expect(openRaw(key).toString()).toContain('"sub":"demo"');
    expect(openRaw(other).toString('latin1')).not.toContain('"sub"');
  });

  test('is decrypted with the key that it names, if both are present', async () => {
    for (const [current, previous] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const ring = await createKeyRing({
        current: { secret: secretOf(current) },
        previous: [{ secret: secretOf(previous) }],
      });
      const { answer, looked } = await presentTo(ring);
      expect(answer).toMatchObject(ACCEPTED);
      expect(looked).toEqual(new Set([key.kid]));
    }
  });

  test('is not decrypted with the other key, if only that is present', async () => {
    const { answer, looked } = await presentTo(await createRing(2));
    expect(answer).toMatchObject(refusedAs('unknown_key'));
    expect(looked).toEqual(new Set([key.kid]));
  });
});

test('two keys with the same kid are rejected (RFC 7517 §4.5)', async () => {
  const jwk = (seed: number) => ({
    kty: 'oct',
    kid: 'one',
    alg: 'A256GCM',
    k: secretOf(seed).toString('base64url'),
  });
  const keys = [jwk(1), jwk(2)];
  await expect(createKeyRing({ current: { jwks: { keys } } })).rejects.toThrow(
    'createKeyRing: two keys have the kid one: remove one, or give one a different kid',
  );
});
