import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ContentKey } from '../../src/keys/content-key.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import {
  ACCEPTED,
  type AttackAnswer,
  type AttackTarget,
  NO_B64TOKEN,
  refusedAs,
  startTarget,
} from '../support/attack-target.js';
import { forgeToken } from '../support/forge-token.js';
import { AUDIENCE, claimsOf, createRing } from '../support/tokens.js';

let target: AttackTarget;
let key: ContentKey;
/** Its header, ciphertext and tag are of a length that leaves stray bits in their last character. */
let token: string;

beforeAll(async () => {
  const keyRing = await createRing();
  target = await startTarget({ keyRing });
  key = internalsOf(keyRing).encryptionKey('access', AUDIENCE);
  token = forgeToken(key, {
    header: withLength('x', (x) => ({ alg: 'dir', enc: 'A256GCM', kid: key.kid, typ: 'at+jwt', x })),
    plaintext: withLength('x', (x) => claimsOf({ x })),
  });
});

afterAll(() => target.close());

/** JSON whose length leaves one byte in the last group of three. */
function withLength(padding: string, build: (padding: string) => object): string {
  const text = JSON.stringify(build(padding));
  return text.length % 3 === 1 ? text : withLength(`${padding}x`, build);
}

function withSegment(index: number, replace: (segment: string) => string): string {
  return token
    .split('.')
    .map((segment, position) => (position === index ? replace(segment) : segment))
    .join('.');
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, step) => from + step);

test('the unmodified token is accepted', async () => {
  expect(await target.present(token)).toMatchObject(ACCEPTED);
});

describe('segments (RFC 7516 §7.1: five)', () => {
  test.each([0, 1, 2, 3, 4])('without the one at %i', async (index) => {
    const fewer = token.split('.').toSpliced(index, 1).join('.');
    expect(await target.present(fewer)).toMatchObject(refusedAs('segment_count'));
  });

  test.each([0, 1, 2, 3, 4, 5])('with another one at %i, empty or not', async (index) => {
    for (const added of ['', 'AA', token.split('.')[0] ?? '']) {
      const more = token.split('.').toSpliced(index, 0, added).join('.');
      expect(await target.present(more)).toMatchObject(refusedAs('segment_count'));
    }
  });

  test('twice over', async () => {
    expect(await target.present(`${token}.${token}`)).toMatchObject(refusedAs('segment_count'));
  });
});

describe('an encrypted key where there must be none (RFC 7516 §5.2 step 10, RFC 7518 §4.5)', () => {
  test.each([1, 8, 16, 32, 40, 256])('of %i bytes', async (length) => {
    const encryptedKey = Buffer.alloc(length, 'key').toString('base64url');
    expect(await target.present(forgeToken(key, { encryptedKey }))).toMatchObject(refusedAs('encrypted_key'));
  });
});

describe('IVs (RFC 7518 §5.3: 96 bits), each with the right tag for it', () => {
  test.each(range(0, 17).filter((length) => length !== 12))('of %i bytes', async (length) => {
    const forged = forgeToken(key, { iv: Buffer.alloc(length, 'iv') });
    expect(await target.present(forged)).toMatchObject(refusedAs('iv_length'));
  });
});

// Ferguson, Authentication weaknesses in GCM (2005); NIST SP 800-38D appendix C.
describe('truncated and padded tags (RFC 7518 §5.3: 128 bits)', () => {
  test.each(range(0, 17).filter((length) => length !== 16))('to %i bytes', async (tagBytes) => {
    expect(await target.present(forgeToken(key, { tagBytes }))).toMatchObject(refusedAs('tag_length'));
  });
});

describe('other encodings of the same bytes (RFC 4648 §3.5, RFC 7515 §2)', () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

  /** All that a lenient decoder takes for the same bytes. */
  const respell = (segment: string) => {
    const bytes = Buffer.from(segment, 'base64url');
    return [...ALPHABET]
      .map((last) => segment.slice(0, -1) + last)
      .filter((other) => other !== segment && Buffer.from(other, 'base64url').equals(bytes));
  };

  test.each([
    ['header', 0],
    ['ciphertext', 3],
    ['tag', 4],
  ])('by the 15 other last characters of the %s', async (_name, index) => {
    const spellings = respell(token.split('.')[index] ?? '');
    expect(spellings).toHaveLength(15);
    for (const spelling of spellings) {
      const answer = await target.present(withSegment(index, () => spelling));
      expect(answer).toMatchObject(refusedAs('not_base64url'));
    }
  });

  test.each([0, 1, 2, 3, 4])('by the other alphabet, in the segment at %i', async (index) => {
    for (const spelling of ['+AAA', '/AAA', 'AA/+']) {
      const answer = await target.present(withSegment(index, (segment) => spelling + segment.slice(4)));
      expect(answer).toMatchObject(refusedAs('not_base64url'));
    }
  });

  test.each([1, 2, 3])('by %i characters of padding at the end, which a b64token may have', async (count) => {
    const padded = token + '='.repeat(count);
    expect(await target.present(padded)).toMatchObject(refusedAs('not_base64url'));
  });

  test.each([0, 1, 2, 3])(
    'by padding after the segment at %i, which a b64token cannot have',
    async (index) => {
      const answer = await target.present(withSegment(index, (segment) => `${segment}=`));
      expect(answer).toMatchObject(NO_B64TOKEN);
    },
  );

  test.each([' ', '\t', '\v', '\f', '\u00a0', '%20', '%3D', '\\u003d', ',', ';', '"', 'é', '\u0080'])(
    'by %j within a segment',
    async (character) => {
      const answer = await target.present(withSegment(3, (text) => `${text.slice(0, 8)}${character}${text}`));
      // Node itself answers to control characters (RFC 9110 §5.5).
      const isControl = character === '\v' || character === '\f';
      expect(answer).toMatchObject(isControl ? { status: 400 } : NO_B64TOKEN);
      expect(target.records.at(-1)).not.toMatchObject({ type: 'token.accepted' });
    },
  );
});

describe('JSON serializations (RFC 7516 §7.2)', () => {
  const flattened = (): Record<string, unknown> => {
    const [header = '', , iv, ciphertext, tag] = token.split('.');
    return { protected: header, iv, ciphertext, tag };
  };
  const general = () => ({ ...flattened(), recipients: [{}] });
  const unprotected = () => ({ ...flattened(), unprotected: { alg: 'dir', kid: key.kid } });

  test.each([
    ['flattened', flattened],
    ['general', general],
    ['with an unprotected header', unprotected],
  ])('%s, as they are or in base64url', async (_name, serialize) => {
    const json = JSON.stringify(serialize());
    expect(await target.present(json)).toMatchObject(NO_B64TOKEN);
    const encoded = Buffer.from(json).toString('base64url');
    expect(await target.present(encoded)).toMatchObject(refusedAs('segment_count'));
    expect(await target.present(`${encoded}....`)).toMatchObject(refusedAs('header_invalid_member'));
  });
});

describe('a single flipped bit (RFC 7516 §5.2 step 16)', () => {
  const AT_ONCE = 16;

  async function presentAll(tokens: readonly string[]): Promise<readonly AttackAnswer[]> {
    const answers: AttackAnswer[] = [];
    for (let start = 0; start < tokens.length; start += AT_ONCE) {
      answers.push(...(await Promise.all(tokens.slice(start, start + AT_ONCE).map(target.present))));
    }
    return answers;
  }

  test('anywhere in a token never yields an accepted token or a 5xx', async () => {
    const { iss, aud, exp, iat, jti } = claimsOf();
    const short = forgeToken(key, { plaintext: JSON.stringify({ iss, aud, exp, iat, jti, sub: 'demo' }) });
    const flipped = range(0, short.length * 8 - 1).map((bit) => {
      const bytes = Buffer.from(short, 'latin1');
      const position = bit >> 3;
      bytes[position] = (bytes[position] ?? 0) ^ (1 << (bit & 7));
      return bytes.toString('latin1');
    });
    const answers = await presentAll(flipped);

    expect(await target.present(short)).toMatchObject(ACCEPTED);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 401]));
    expect(new Set(answers.filter(({ status }) => status === 401).map(({ body }) => body))).toEqual(
      new Set([refusedAs('decryption').body]),
    );
  });
});
