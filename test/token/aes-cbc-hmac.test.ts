import { describe, expect, test } from '@jest/globals';
import { openAesCbcHmac } from '../../src/token/aes-cbc-hmac.js';
import { sealByHand } from '../support/seal-by-hand.js';

/** RFC 7518 appendix B: key, plaintext, IV and additional data are the same in B.1 to B.3. */
const KEY = Buffer.from(Array.from({ length: 64 }, (_, index) => index));
const PLAINTEXT =
  'A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience';
const IV = Buffer.from('1af38c2dc2b96ffdd86694092341bc04', 'hex');
const ADDITIONAL_DATA = 'The second principle of Auguste Kerckhoffs';

const VECTORS = [
  ['A128CBC-HS256', '652c3fa36b0a7c5b3219fab3a30bc1c4'],
  ['A192CBC-HS384', '8490ac0e58949bfe51875d733f93ac2075168039ccc733d7'],
  ['A256CBC-HS512', '4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5'],
] as const;

function seal(enc: (typeof VECTORS)[number][0], tag: string, padding?: Buffer) {
  const key = KEY.subarray(0, tag.length);
  const content = { header: ADDITIONAL_DATA, plaintext: PLAINTEXT, iv: IV };
  const sealed = sealByHand(enc, key, padding === undefined ? content : { ...content, padding });
  const [iv, ciphertext, mac] = sealed.split('.').map((part) => Buffer.from(part, 'base64url'));
  if (iv === undefined || ciphertext === undefined || mac === undefined) throw new Error('Cut short');
  return { key, sealed: { iv, ciphertext, tag: mac } };
}

describe.each(VECTORS)('%s', (enc, tag) => {
  const { key, sealed } = seal(enc, tag);
  const open = (altered: object = {}, additionalData = ADDITIONAL_DATA, contentKey = key) =>
    openAesCbcHmac(enc, { ...sealed, ...altered }, Buffer.from(additionalData), contentKey);

  test('opens the vector of RFC 7518 appendix B', () => {
    expect(open({ tag: Buffer.from(tag, 'hex') }).toString()).toBe(PLAINTEXT);
  });

  test('rejects an altered IV, ciphertext, tag, key and additional data', () => {
    const flip = (bytes: Buffer, at: number) =>
      Buffer.concat([bytes.subarray(0, at), Buffer.from([(bytes[at] ?? 0) ^ 1]), bytes.subarray(at + 1)]);
    for (const at of [0, 15]) {
      expect(() => open({ iv: flip(sealed.iv, at) })).toThrow('MAC');
      expect(() => open({ ciphertext: flip(sealed.ciphertext, at) })).toThrow('MAC');
      expect(() => open({ tag: flip(sealed.tag, at) })).toThrow('MAC');
      expect(() => open({}, ADDITIONAL_DATA, flip(key, at))).toThrow('MAC');
    }
    expect(() => open({}, `${ADDITIONAL_DATA}.`)).toThrow('MAC');
  });

  test('includes the length of the additional data in the MAC', () => {
    const shifted = Buffer.concat([Buffer.from(ADDITIONAL_DATA.slice(-1)), sealed.iv]);
    expect(() => open({ iv: shifted }, ADDITIONAL_DATA.slice(0, -1))).toThrow('MAC');
  });

  test('rejects a tag of another length, also if it starts with the valid tag', () => {
    expect(() => open({ tag: sealed.tag.subarray(1) })).toThrow();
    expect(() => open({ tag: Buffer.concat([sealed.tag, Buffer.alloc(1)]) })).toThrow();
    expect(() => open({ tag: Buffer.alloc(0) })).toThrow();
  });

  test('rejects a content encryption key of another length', () => {
    expect(() => open({}, ADDITIONAL_DATA, key.subarray(1))).toThrow(RangeError);
    expect(() => open({}, ADDITIONAL_DATA, Buffer.concat([key, Buffer.alloc(1)]))).toThrow(RangeError);
  });

  test('rejects an invalid padding under a valid MAC', () => {
    const block = (...bytes: number[]) => Buffer.from(bytes.concat(Array(16).fill(0)).slice(0, 16)).reverse();
    for (const padding of [block(0), block(17), block(2, 3), block(255)]) {
      const { sealed: padded } = seal(enc, tag, padding);
      expect(() => open(padded)).toThrow();
    }
  });
});
