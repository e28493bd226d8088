import { constants, createCipheriv, KeyObject, publicEncrypt, randomBytes } from 'node:crypto';
import {
  CONTENT_KEY_BYTES,
  type ContentEncryptionAlgorithm,
  isContentEncryptionAlgorithm,
} from '../../src/keys/jwe-algorithms.js';
import { unwrapKey } from '../../src/token/unwrap-key.js';
import {
  type CodecCase,
  ENCRYPTIONS,
  openByJose,
  openIfValid,
  readJwe,
  sealByJose,
} from '../support/codec-cases.js';
import { type HandSealed, sealByHand } from '../support/seal-by-hand.js';
import type { CodecGroup, CodecMutant } from './codec-group.js';
import { mutateHeader } from './header-mutations.js';
import { below, pickOne, TEXT_MUTATIONS } from './text-mutations.js';

/** A token before any change, with its content encryption key. */
interface PoolToken {
  readonly each: CodecCase;
  readonly token: string;
  readonly cek: Uint8Array;
}

type JweMutation = (pooled: PoolToken, random: () => number) => string;

/** Mutations by a holder of the keys. Their tokens have a valid tag. */
const SEALED: Readonly<Record<string, JweMutation>> = {
  'another header, under the right tag': ({ each, token, cek }, random) => {
    const [encoded = '', encryptedKey = ''] = token.split('.');
    const text = mutateHeader(Buffer.from(encoded, 'base64url').toString(), random);
    const header = Buffer.from(text).toString('base64url');
    const sealed = sealByHand(encryptionOf(text, each.enc), cek, { header, plaintext: 'text' });
    return `${header}.${encryptedKey}.${sealed}`;
  },
  'other content, under the right tag': ({ each, token, cek }, random) => {
    const [header = '', encryptedKey = ''] = token.split('.');
    const content = each.enc.includes('CBC') ? mutateCbc(header, random) : mutateGcm(header, random);
    return `${header}.${encryptedKey}.${withOtherTag(sealByHand(each.enc, cek, content), random)}`;
  },
  'another content encryption key, under the right tag': ({ each, token }, random) => {
    const [header = ''] = token.split('.');
    const enc = pickOne(ENCRYPTIONS, random);
    const cek = randomBytes(CONTENT_KEY_BYTES[enc]);
    const sealed = sealByHand(enc, cek, { header, plaintext: 'text' });
    return `${header}.${wrapOtherwise(each, cek, random).toString('base64url')}.${sealed}`;
  },
};

/** A group of mutants under some cases. */
export async function createJweGroup(
  name: string,
  cases: readonly CodecCase[],
  poolSize: number,
): Promise<CodecGroup> {
  const pool = await Promise.all(
    Array.from({ length: poolSize }, async (_, index): Promise<PoolToken> => {
      // Seven has no factor in common with the numbers of cases, so that a small pool has many kinds.
      const each = cases[(index * 7) % cases.length];
      if (each === undefined) throw new Error('No case');
      const token = await sealByJose(each, 'x'.repeat(index));
      const contentKey = unwrapKey(readJwe(token, each.key));
      return { each, token, cek: contentKey instanceof KeyObject ? contentKey.export() : contentKey };
    }),
  );
  return {
    name,
    keys: Object.fromEntries(cases.map((each) => [`${name}: ${each.name}`, each.jwk])),
    proper: pool.map(({ each, token }) => toMutant(name, each, ['none', token])),
    next(random) {
      const pooled = pickOne(pool, random);
      const others = pool.filter(({ each }) => each === pooled.each);
      return toMutant(name, pooled.each, mutate(pooled, pickOne(others, random).token, random));
    },
  };
}

function mutate(pooled: PoolToken, other: string, random: () => number): readonly [string, string] {
  if (random() < 0.5) {
    const [mutation, change] = pickOne(Object.entries(TEXT_MUTATIONS), random);
    return [mutation, change(pooled.token, other, random)];
  }
  const [mutation, change] = pickOne(Object.entries(SEALED), random);
  return [mutation, change(pooled, random)];
}

function toMutant(group: string, each: CodecCase, [mutation, token]: readonly [string, string]): CodecMutant {
  return {
    mutation: `${each.name}, ${mutation}`,
    token,
    open: () => openIfValid(token, each.key),
    openByJose: () => openByJose(token, each),
    judging: { action: 'decrypt', key: `${group}: ${each.name}`, token },
  };
}

/** The `enc` of a header if the content encryption key has the length for it, otherwise that of the case. */
function encryptionOf(text: string, enc: ContentEncryptionAlgorithm): ContentEncryptionAlgorithm {
  const named = /"enc":"([^"]*)"/.exec(text)?.[1];
  const isUsable = isContentEncryptionAlgorithm(named) && CONTENT_KEY_BYTES[named] === CONTENT_KEY_BYTES[enc];
  return isUsable ? named : enc;
}

function mutateCbc(header: string, random: () => number): HandSealed {
  const length = pickOne([0, 1, 15, 16, 17, 32], random);
  const fill = 16 - (length % 16);
  const padding = Buffer.alloc(fill, below(18, random));
  if (random() < 0.5) padding[fill - 1] = fill;
  return { header, plaintext: Buffer.alloc(length, 'x'), padding };
}

function mutateGcm(header: string, random: () => number): HandSealed {
  return { header, plaintext: 'text', iv: Buffer.alloc(pickOne([1, 8, 11, 12, 12, 13, 16, 17], random), 3) };
}

function withOtherTag(sealed: string, random: () => number): string {
  if (random() < 0.5) return sealed;
  return sealed.replace(/[^.]*$/, (text) => {
    const tag = Buffer.from(text, 'base64url');
    return Buffer.concat([tag, Buffer.alloc(40)])
      .subarray(0, pickOne([0, 4, 8, 12, tag.length, tag.length + 1, 2 * tag.length], random))
      .toString('base64url');
  });
}

/** Wrap a content encryption key, now and then with another hash. Key agreement and `dir` have no wrapped key. */
function wrapOtherwise({ alg, sealer }: CodecCase, cek: Uint8Array, random: () => number): Buffer {
  if (sealer.asymmetricKeyType === 'rsa') {
    const own = alg === 'RSA-OAEP' ? 'sha1' : `sha${alg.slice(-3)}`;
    const oaepHash = random() < 0.8 ? own : pickOne(['sha1', 'sha256', 'sha384', 'sha512'], random);
    return publicEncrypt({ key: sealer, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, cek);
  }
  const bytes = sealer.symmetricKeySize ?? 0;
  if (![16, 24, 32].includes(bytes)) return Buffer.from(cek);
  const cipher = createCipheriv(`id-aes${bytes * 8}-wrap`, sealer, Buffer.alloc(8, 0xa6));
  return Buffer.concat([cipher.update(cek), cipher.final()]);
}
