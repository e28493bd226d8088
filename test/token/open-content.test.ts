import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { CONTENT_KEY_BYTES } from '../../src/keys/jwe-algorithms.js';
import { contentLengths, openContent } from '../../src/token/open-content.js';
import { ENCRYPTIONS } from '../support/codec-cases.js';
import { sealByHand } from '../support/seal-by-hand.js';

const HEADER = 'header';

function seal(enc: (typeof ENCRYPTIONS)[number], cek: Uint8Array, iv?: Uint8Array) {
  const content = { header: HEADER, plaintext: 'text' };
  const sealed = sealByHand(enc, cek, iv === undefined ? content : { ...content, iv });
  const [first, ciphertext, tag] = sealed.split('.').map((part) => Buffer.from(part, 'base64url'));
  if (first === undefined || ciphertext === undefined || tag === undefined) throw new Error('Cut short');
  return { iv: first, ciphertext, tag };
}

describe.each(ENCRYPTIONS)('%s', (enc) => {
  const cek = randomBytes(CONTENT_KEY_BYTES[enc]);

  test('opens content under bytes and under a key object', () => {
    const sealed = seal(enc, cek);
    expect(openContent(enc, sealed, Buffer.from(HEADER), cek).toString()).toBe('text');
    expect(openContent(enc, sealed, Buffer.from(HEADER), createSecretKey(cek)).toString()).toBe('text');
  });

  test('has the lengths of RFC 7518', () => {
    const { iv, tag } = seal(enc, cek);
    expect(contentLengths(enc)).toEqual({ iv: iv.length, tag: tag.length });
  });

  test('rejects an IV or a tag of another length, and a key of another length', () => {
    const sealed = seal(enc, cek);
    const cut = (part: 'iv' | 'tag') => ({ ...sealed, [part]: sealed[part].subarray(1) });
    expect(() => openContent(enc, cut('iv'), Buffer.from(HEADER), cek)).toThrow();
    expect(() => openContent(enc, cut('tag'), Buffer.from(HEADER), cek)).toThrow();
    expect(() => openContent(enc, sealed, Buffer.from(HEADER), cek.subarray(1))).toThrow();
  });
});

test('AES-GCM rejects an IV of 128 bits, although the tag is valid', () => {
  const cek = randomBytes(32);
  const sealed = seal('A256GCM', cek, Buffer.alloc(16, 1));
  expect(() => openContent('A256GCM', sealed, Buffer.from(HEADER), cek)).toThrow('IV');
});
