import {
  type SignatureCase,
  type SigningParts,
  signBytes,
  signCompact,
  verifyByJose,
  verifyIfValid,
} from '../support/signature-cases.js';
import type { CodecGroup, CodecMutant } from './codec-group.js';
import { mutateHeader } from './header-mutations.js';
import { pickOne, TEXT_MUTATIONS } from './text-mutations.js';

/** Signatures that another signer could write. */
const SIGNINGS: readonly SigningParts[] = [
  { dsaEncoding: 'der' },
  ...['sha1', 'sha256', 'sha384', 'sha512'].map((hash) => ({ hash })),
  ...[0, 16, 32, 48, 64].map((saltLength) => ({ saltLength })),
];

type JwsMutation = (each: SignatureCase, jws: string, random: () => number) => string;

const SIGNED: Readonly<Record<string, JwsMutation>> = {
  'another header, under the right signature': (each, _jws, random) => {
    const { alg } = each;
    const header = JSON.stringify({ alg, kid: 'signer', typ: 'at+jwt' });
    return signCompact(each, 'payload', mutateHeader(header, random));
  },
  'another way of signing': ({ alg, privateKey }, jws, random) => {
    const input = jws.slice(0, jws.lastIndexOf('.'));
    const isEdwards = alg.startsWith('Ed');
    const parts = isEdwards ? {} : pickOne(SIGNINGS, random);
    return `${input}.${signBytes(alg, Buffer.from(input), privateKey, parts).toString('base64url')}`;
  },
  'a signature of zeros or ones': (_each, jws, random) =>
    jws.replace(/[^.]*$/, (text) => {
      const bytes = Buffer.from(text, 'base64url');
      const half = bytes.length / 2;
      const fill = pickOne([0, 1, 0xff], random);
      return pickOne([bytes.fill(fill), bytes.fill(fill, half), bytes.fill(fill, 0, half)], random).toString(
        'base64url',
      );
    }),
};

/** A group of mutants that are signed with one algorithm. */
export function createJwsGroup(each: SignatureCase, poolSize: number): CodecGroup {
  const { alg } = each;
  const pool = Array.from({ length: poolSize }, (_, index) => signCompact(each, 'x'.repeat(index + 1)));
  return {
    name: alg,
    keys: { [alg]: each.jwk },
    proper: pool.map((jws) => toMutant(each, ['none', jws])),
    next(random) {
      const jws = pickOne(pool, random);
      if (random() < 0.7) {
        const [mutation, change] = pickOne(Object.entries(TEXT_MUTATIONS), random);
        return toMutant(each, [mutation, change(jws, pickOne(pool, random), random)]);
      }
      const [mutation, change] = pickOne(Object.entries(SIGNED), random);
      return toMutant(each, [mutation, change(each, jws, random)]);
    },
  };
}

function toMutant({ alg, key }: SignatureCase, [mutation, token]: readonly [string, string]): CodecMutant {
  return {
    mutation: `${alg}, ${mutation}`,
    token,
    open: () => verifyIfValid(token, key),
    openByJose: () => verifyByJose(token, key),
    judging: { action: 'verify', key: alg, token, alg },
  };
}
