import type { ContentKey } from '../../src/keys/content-key.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { forgeToken } from '../support/forge-token.js';
import { MUTATIONS, type Mutation } from '../support/mutate-token.js';
import { createRandom } from '../support/random.js';
import { AUDIENCE, mintToken } from '../support/tokens.js';

/** Name and value of a request header. */
export type HeaderField = readonly [name: string, value: string];

/** Headers of a request that was valid before it was changed. */
export interface Mutant {
  readonly mutation: string;
  readonly fields: readonly HeaderField[];
}

export interface MutantSource {
  /** Never twice the same, as a rule, and never one that is valid. */
  next(): Mutant;
  /** Headers as they were before any change. */
  proper(): readonly HeaderField[];
}

const POOL_SIZE = 64;

/** Those that leave tokens valid now and then: they encrypt anew, under the right tag, what is proper or nearly so. */
const MAY_BE_VALID = new Set([
  'header members, under the right tag',
  'a header respelled, under the right tag',
  'a header segment respelled, under the right tag',
  'an unchanged token',
]);

/** Those that leave tokens valid where the length is, by chance, the one that it has to be. */
const MAY_HAVE_RIGHT_LENGTHS = new Set([
  'an IV of another length, under the right tag',
  'a tag of another length',
  'an encrypted key',
]);

/** Changes of bytes wherever they fall, each character of a token being one. */
const BYTE_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'bits flipped': (token, _key, random) =>
    withBytes(token, (bytes) => {
      times(1 + below(3, random), () => flipBit(bytes, random));
      return bytes;
    }),
  'bits of a part flipped': (token, _key, random) => {
    const parts = token.split('.');
    const index = below(parts.length, random);
    const bytes = Buffer.from(parts[index] ?? '', 'base64url');
    times(1 + below(8, random), () => flipBit(bytes, random));
    parts[index] = bytes.toString('base64url');
    return parts.join('.');
  },
  'bytes replaced': (token, _key, random) =>
    withBytes(token, (bytes) => {
      times(1 + below(8, random), () => {
        bytes[below(bytes.length, random)] = below(256, random);
      });
      return bytes;
    }),
  'bytes inserted': (token, _key, random) =>
    withBytes(token, (bytes) => {
      const at = below(bytes.length + 1, random);
      const inserted = randomBytes(1 + below(16, random), random);
      return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
    }),
  'a piece removed': (token, _key, random) => {
    const [from, to] = piece(token, random);
    return token.slice(0, from) + token.slice(to);
  },
  'a piece repeated': (token, _key, random) => {
    const [from, to] = piece(token, random);
    return token.slice(0, to) + token.slice(from);
  },
  'the end cut off': (token, _key, random) => token.slice(0, below(token.length, random)),
  'the end of another token': (token, key, random) => {
    const other = forgeToken(key, { iv: randomBytes(12, random) });
    const crossed = token.slice(0, below(token.length, random)) + other.slice(below(other.length, random));
    return crossed === other ? token : crossed;
  },
  'nothing but random bytes': (token, _key, random) =>
    randomBytes(below(token.length, random), random).toString('latin1'),
};

const ALL: readonly (readonly [string, Mutation])[] = [
  ...Object.entries(MUTATIONS).filter(([name]) => !MAY_BE_VALID.has(name)),
  ...Object.entries(BYTE_MUTATIONS),
];

/** Changes tokens of a ring in every way that leaves none valid; the same ones for the same seed. */
export function createMutants(keyRing: KeyRing, seed: number): MutantSource {
  const random = createRandom(seed);
  const key: ContentKey = internalsOf(keyRing).encryptionKey('access', AUDIENCE);
  const pool = Array.from({ length: POOL_SIZE }, (_, index) =>
    mintToken(keyRing, { claims: { jti: `pool-${index}`, sub: 'x'.repeat(index + 1) } }),
  );

  const pick = (): string => pool[below(POOL_SIZE, random)] ?? '';
  const next = (): Mutant => {
    const before = pick();
    const [mutation, mutate] = ALL[below(ALL.length, random)] ?? ALL[0] ?? ['', () => ''];
    const token = mutate(before, key, random);
    // White space around a token is none of it (RFC 9110 section 5.5).
    const isUnchanged = token.trim() === before;
    const mayBeValid = MAY_HAVE_RIGHT_LENGTHS.has(mutation) && hasRightLengths(token);
    return isUnchanged || mayBeValid ? next() : { mutation, fields: bearer(token) };
  };
  return { next, proper: () => bearer(pick()) };
}

function bearer(token: string): readonly HeaderField[] {
  return [['Authorization', `Bearer ${token}`]];
}

/** Of a token for direct encryption (RFC 7518 sections 4.5 and 5.3). */
function hasRightLengths(token: string): boolean {
  const [, encryptedKey, iv = '', , tag = ''] = token.split('.');
  const lengthOf = (part: string) => Buffer.from(part, 'base64url').length;
  return encryptedKey === '' && lengthOf(iv) === 12 && lengthOf(tag) === 16;
}

function withBytes(token: string, change: (bytes: Buffer) => Buffer): string {
  return change(Buffer.from(token, 'latin1')).toString('latin1');
}

function flipBit(bytes: Buffer, random: () => number): void {
  const at = below(bytes.length, random);
  const byte = bytes[at];
  if (byte !== undefined) bytes[at] = byte ^ (1 << below(8, random));
}

function piece(token: string, random: () => number): readonly [number, number] {
  const from = below(token.length, random);
  return [from, from + 1 + below(token.length - from, random)];
}

function randomBytes(length: number, random: () => number): Buffer {
  return Buffer.from(Array.from({ length }, () => below(256, random)));
}

function times(count: number, act: () => void): void {
  for (let time = 0; time < count; time += 1) act();
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}
