import { createCipheriv } from 'node:crypto';
import type { ContentKey } from '../../src/keys/content-key.js';
import { direct } from './symmetric-key.js';
import { claimsOf } from './tokens.js';

/** One block of AES, behind which the text begins that is chosen so that the tag fits both keys. */
const START = '{"x":"'.padEnd(16, 'x');

/** Any of their five lowest bits may be set: they stay letters and signs that JSON takes as they are. */
const CHOSEN_CHARACTERS = 32;
const CHOSEN = '`'.repeat(CHOSEN_CHARACTERS);
const BITS_OF_CHARACTER = 5;

/**
 * A token whose tag is right under two keys, as whoever holds both can make it: AES-GCM does not commit to its key
 * (Dodis et al. 2018, Fast message franking). It names the first key and holds valid claims under it; under the second
 * one its plaintext is noise. Both keys are for A256GCM.
 */
export function sealForTwoKeys(key: ContentKey, other: ContentKey): string {
  const header = encode(JSON.stringify({ alg: 'dir', enc: key.enc, kid: key.kid, typ: 'at+jwt' }));
  const iv = Buffer.alloc(12, 'iv');
  const seal = (by: ContentKey, plaintext: Buffer) => {
    const cipher = createCipheriv('aes-256-gcm', direct(by).secret, iv).setAAD(Buffer.from(header));
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return { ciphertext, tag: cipher.getAuthTag() };
  };
  const tagFor = (by: ContentKey, ciphertext: Buffer): Buffer => {
    const stream = seal(by, Buffer.alloc(ciphertext.length)).ciphertext;
    return seal(by, xor(ciphertext, stream)).tag;
  };
  /** Each bit of the ciphertext changes it in a way of its own, whatever the others are: GHASH is linear. */
  const difference = (ciphertext: Buffer) =>
    toNumber(xor(tagFor(key, ciphertext), tagFor(other, ciphertext)));

  const plaintext = Buffer.from(`${START}${CHOSEN}",${JSON.stringify(claimsOf()).slice(1)}`);
  const { ciphertext } = seal(key, plaintext);
  const wanted = difference(ciphertext);
  const effects = Array.from(
    { length: CHOSEN_CHARACTERS * BITS_OF_CHARACTER },
    (_, bit) => difference(flip(ciphertext, [bit])) ^ wanted,
  );
  const chosen = flip(ciphertext, combine(effects, wanted));
  return [header, '', encode(iv), encode(chosen), encode(tagFor(key, chosen))].join('.');
}

/** Flips bits of the chosen text, each counted from its beginning. */
function flip(ciphertext: Buffer, bits: readonly number[]): Buffer {
  const flipped = Buffer.from(ciphertext);
  for (const bit of bits) {
    const position = START.length + Math.floor(bit / BITS_OF_CHARACTER);
    flipped[position] = (flipped[position] ?? 0) ^ (1 << (bit % BITS_OF_CHARACTER));
  }
  return flipped;
}

/** Which of the vectors add up to the wanted one, over the field of two elements. */
function combine(vectors: readonly bigint[], wanted: bigint): readonly number[] {
  const basis: { readonly vector: bigint; readonly members: bigint }[] = [];
  const reduce = (start: bigint, startMembers: bigint) => {
    let [vector, members] = [start, startMembers];
    for (const each of basis) {
      if ((vector ^ each.vector) >= vector) continue;
      vector ^= each.vector;
      members ^= each.members;
    }
    return { vector, members };
  };
  for (const [index, vector] of vectors.entries()) {
    const reduced = reduce(vector, 1n << BigInt(index));
    if (reduced.vector !== 0n) basis.push(reduced);
  }
  const { vector, members } = reduce(wanted, 0n);
  if (vector !== 0n) throw new Error('The vectors do not span it');
  return vectors.map((_, index) => index).filter((index) => ((members >> BigInt(index)) & 1n) === 1n);
}

function xor(one: Uint8Array, other: Uint8Array): Buffer {
  return Buffer.from(one.map((byte, index) => byte ^ (other[index] ?? 0)));
}

function toNumber(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function encode(text: string | Uint8Array): string {
  return Buffer.from(text).toString('base64url');
}
