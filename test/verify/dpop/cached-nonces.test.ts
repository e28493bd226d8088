import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createDpopNonces } from '../../../src/verify/dpop/dpop-nonces.js';
import { NOW } from '../../support/tokens.js';

const SERVER = 'https://api.example.com';

const createKey = (): KeyObject => createSecretKey(randomBytes(32));

test('a nonce of a removed key is invalid, although it was accepted before', () => {
  const [former, latter] = [createKey(), createKey()];
  let keys = [former];
  const nonces = createDpopNonces(() => keys, SERVER);
  const nonce = nonces.current(NOW);
  expect(nonces.check(nonce, NOW)).toBe('current');

  keys = [latter, former];
  expect(nonces.check(nonce, NOW)).toBe('current');
  keys = [latter];
  expect(nonces.check(nonce, NOW)).toBe('invalid');
});

test('a nonce with one changed bit is invalid, although its slot has accepted a nonce', () => {
  const keys = [createKey()];
  const nonces = createDpopNonces(() => keys, SERVER);
  const nonce = nonces.current(NOW);
  expect(nonces.check(nonce, NOW)).toBe('current');

  const bytes = Buffer.from(nonce, 'base64url');
  const accepted = Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    return nonces.check(changed.toString('base64url'), NOW);
  }).filter((verdict) => verdict !== 'invalid');
  expect(accepted).toEqual([]);
});
