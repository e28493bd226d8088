import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { concatKdf } from '../../src/token/concat-kdf.js';
import { KEY_AGREEMENT } from '../support/rfc-vectors.js';

const NO_PARTY = Buffer.alloc(0);

test('derives the key of RFC 7518 appendix C from the shared secret of the example', () => {
  const { header, jwk, derivedKey } = KEY_AGREEMENT;
  const secret = diffieHellman({
    privateKey: createPrivateKey({ key: jwk, format: 'jwk' }),
    publicKey: createPublicKey({ key: header.epk, format: 'jwk' }),
  });
  // Z in appendix C.
  expect([...secret.subarray(0, 6), secret.length]).toEqual([158, 86, 217, 29, 129, 113, 32]);
  const derived = concatKdf(secret, {
    algorithm: 'A128GCM',
    bytes: 16,
    partyU: Buffer.from('Alice'),
    partyV: Buffer.from('Bob'),
  });
  expect(derived.toString('base64url')).toBe(derivedKey);
});

test('derives keys of two rounds, whose first half differs from the shorter key', () => {
  const derive = (bytes: number) =>
    concatKdf(Buffer.alloc(32, 1), { algorithm: 'A256CBC-HS512', bytes, partyU: NO_PARTY, partyV: NO_PARTY });
  expect(derive(64)).toHaveLength(64);
  expect(derive(48)).toHaveLength(48);
  expect(derive(64).subarray(0, 32)).not.toEqual(derive(64).subarray(32));
  expect(derive(64).subarray(0, 32)).not.toEqual(derive(32));
});

test('separates the names of the parties', () => {
  const derive = (partyU: string, partyV: string) =>
    concatKdf(Buffer.alloc(32, 1), {
      algorithm: 'A128GCM',
      bytes: 16,
      partyU: Buffer.from(partyU),
      partyV: Buffer.from(partyV),
    }).toString('hex');
  const keys = [
    derive('ab', 'c'),
    derive('a', 'bc'),
    derive('abc', ''),
    derive('', 'abc'),
    derive('c', 'ab'),
  ];
  expect(new Set(keys).size).toBe(keys.length);
});
