import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { DirectKey } from '../../src/keys/content-key.js';
import { openAesGcm, type SealedContent, sealContent } from '../../src/token/aes-gcm.js';
import { secretOf } from '../support/tokens.js';

const LENGTHS = [
  ['A128GCM', 16],
  ['A192GCM', 24],
  ['A256GCM', 32],
] as const;

function keyOf(enc: DirectKey['enc'], secret: Buffer): DirectKey {
  return { kid: 'one', alg: 'dir', enc, purpose: 'access', encrypts: true, secret: createSecretKey(secret) };
}

function open(sealed: SealedContent, additionalData: string, { enc, secret }: DirectKey): Buffer {
  return openAesGcm(enc, sealed, Buffer.from(additionalData), secret);
}

const key = keyOf('A256GCM', secretOf(1));

describe('AES-GCM', () => {
  test.each(LENGTHS)('%s opens what it sealed, in a 96-bit IV and a 128-bit tag', (enc, length) => {
    const sized = keyOf(enc, secretOf(1).subarray(0, length));
    const sealed = sealContent('Grüße', Buffer.from('header'), sized);
    expect(sealed.iv).toHaveLength(12);
    expect(sealed.tag).toHaveLength(16);
    expect(sealed.ciphertext).toHaveLength(Buffer.byteLength('Grüße'));
    expect(open(sealed, 'header', sized).toString()).toBe('Grüße');
  });

  test('opens test case 15 of the GCM specification (McGrew and Viega)', () => {
    const vector = keyOf(
      'A256GCM',
      Buffer.from('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308', 'hex'),
    );
    const sealed = {
      iv: Buffer.from('cafebabefacedbaddecaf888', 'hex'),
      ciphertext: Buffer.from(
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad',
        'hex',
      ),
      tag: Buffer.from('b094dac5d93471bdec1a502270e3cc6c', 'hex'),
    };
    expect(open(sealed, '', vector).toString('hex')).toBe(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
    );
  });

  test('draws another IV every time, each of 96 bits', () => {
    const ivs = Array.from({ length: 500 }, () =>
      Buffer.from(sealContent('', Buffer.from(''), key).iv).toString('hex'),
    );
    expect(new Set(ivs).size).toBe(500);
    expect(new Set(ivs.map((iv) => iv.length / 2))).toEqual(new Set([12]));
  });

  test('opens nothing with other additional data', () => {
    const sealed = sealContent('text', Buffer.from('header'), key);
    expect(() => open(sealed, 'Header', key)).toThrow();
    expect(() => open(sealed, '', key)).toThrow();
  });

  test('opens nothing with another key', () => {
    expect(() =>
      open(sealContent('text', Buffer.from(''), key), '', keyOf('A256GCM', secretOf(2))),
    ).toThrow();
  });

  test.each(['iv', 'ciphertext', 'tag'] as const)('opens nothing with a flipped bit in the %s', (part) => {
    const sealed = sealContent('text', Buffer.from(''), key);
    const flipped = Buffer.from(sealed[part]);
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    expect(() => open({ ...sealed, [part]: flipped }, '', key)).toThrow();
  });

  test.each([0, 1, 4, 8, 12, 15, 17])('opens nothing with a tag of %i bytes', (length) => {
    const sealed = sealContent('text', Buffer.from(''), key);
    const tag = Buffer.concat([sealed.tag, Buffer.alloc(1)]).subarray(0, length);
    expect(() => open({ ...sealed, tag }, '', key)).toThrow();
  });
});
