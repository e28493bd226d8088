import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { InvalidTokenError } from '../../src/base/errors.js';
import type { TokenRejection } from '../../src/base/rejections.js';
import type { ContentKey } from '../../src/keys/content-key.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { rejectionOf, thrownBy } from '../support/caught.js';
import { isDeeplyFrozen } from '../support/deeply-frozen.js';
import { type ForgedParts, forgeToken } from '../support/forge-token.js';
import { AUDIENCE, claimsOf, createRing, mintToken, NOW, secretOf } from '../support/tokens.js';
import { decryptWith, verdictOn } from '../support/verdicts.js';

let ring: KeyRing;
let key: ContentKey;
let expiredKey: ContentKey;
let foreignKey: ContentKey;

beforeAll(async () => {
  ring = await createKeyRing({
    current: { secret: secretOf(1) },
    previous: [{ secret: secretOf(2), notAfter: NOW }],
  });
  internalsOf(ring).prepare('access', AUDIENCE);
  key = internalsOf(ring).encryptionKey('access', AUDIENCE);
  expiredKey = internalsOf(await createRing(2)).encryptionKey('access', AUDIENCE);
  foreignKey = internalsOf(await createRing(3)).encryptionKey('access', AUDIENCE);
});

/** The verdict on a proper token with these faults. */
function verdictOnForged(parts: ForgedParts) {
  return verdictOn(forgeToken(key, parts), ring);
}

/** A proper token with one of its five parts replaced. */
function withPart(index: number, replace: (part: string) => string): string {
  return forgeToken(key)
    .split('.')
    .map((part, position) => (position === index ? replace(part) : part))
    .join('.');
}

describe('decryptToken', () => {
  test('decrypts a token and returns its header, claims and key', async () => {
    const decrypted = await decryptWith(ring, forgeToken(key));
    expect(decrypted).toEqual({
      header: { alg: 'dir', enc: 'A256GCM', kid: key.kid, typ: 'at+jwt' },
      claims: claimsOf(),
      key,
    });
  });

  test('freezes header, claims and key at every level', async () => {
    const token = mintToken(ring, { header: { extra: { list: [{}] } } });
    const { header, claims, key: used } = await decryptWith(ring, token);
    expect([header, claims].map(isDeeplyFrozen)).toEqual([true, true]);
    expect(Object.isFrozen(used)).toBe(true);
  });

  test('freezes what it returns itself', async () => {
    const decrypted = await decryptWith(ring, forgeToken(key));
    expect(Object.isFrozen(decrypted)).toBe(true);
  });

  test('opens a token longer than most', async () => {
    const claims = claimsOf({ note: 'x'.repeat(12_000) });
    const token = forgeToken(key, { plaintext: JSON.stringify(claims) });
    expect((await decryptWith(ring, token, { maxTokenLength: 20_000 })).claims).toEqual(claims);
  });

  test('accepts a token with unknown members and without typ', async () => {
    const text = `{"kid":"${key.kid}","enc":"A256GCM","alg":"dir","x":1}`;
    expect(await verdictOnForged({ header: text })).toBe('accepted');
  });
});

describe('decryptToken rejects as too_long', () => {
  test('a token of one character more than allowed', () => {
    const token = forgeToken(key);
    const open = (maxTokenLength: number) => () => decryptWith(ring, token, { maxTokenLength });
    expect(open(token.length)).not.toThrow();
    expect(thrownBy(open(token.length - 1))).toMatchObject({ reason: 'too_long' });
  });
});

describe('decryptToken rejects as segment_count', () => {
  test.each(['', '.', '...', '.....', 'abc', 'a.b.c', '{"protected":"e30","ciphertext":"AA"}'])(
    '%j',
    async (token) => {
      expect(await verdictOn(token, ring)).toBe('segment_count');
    },
  );

  test('a valid token with one segment less or more', async () => {
    const token = forgeToken(key);
    expect(await verdictOn(token.slice(0, token.lastIndexOf('.')), ring)).toBe('segment_count');
    expect(await verdictOn(token.replace('..', '.'), ring)).toBe('segment_count');
    expect(await verdictOn(`${token}.`, ring)).toBe('segment_count');
    expect(await verdictOn(`.${token}`, ring)).toBe('segment_count');
    expect(await verdictOn(`${token}.${token}`, ring)).toBe('segment_count');
  });
});

const SPELLINGS: [string, (part: string) => string][] = [
  ['padding', (part) => `${part}=`],
  ['two characters of padding', (part) => `${part}==`],
  ['a space behind', (part) => `${part} `],
  ['a space before', (part) => ` ${part}`],
  ['a line end', (part) => `${part}\n`],
  ['a tab within', (part) => `${part.slice(0, 3)}\t${part.slice(3)}`],
  ['a plus sign', (part) => `${part.slice(0, -4)}+AAA`],
  ['a slash', (part) => `${part.slice(0, -4)}/AAA`],
  ['a character of no alphabet', (part) => `${part.slice(0, -4)}!AAA`],
  ['a stray last character', (part) => `${part.slice(0, part.length - (part.length % 4))}A`],
  ['a non-canonical last character', (part) => `${part.slice(0, part.length - (part.length % 4))}Zh`],
  ['another non-canonical one', (part) => `${part.slice(0, part.length - (part.length % 4))}Zm9`],
];

describe.each([
  ['protected header', 0],
  ['encrypted key', 1],
  ['IV', 2],
  ['ciphertext', 3],
  ['tag', 4],
])('decryptToken rejects as not_base64url a %s', (_part, index) => {
  test.each(SPELLINGS)('with %s', async (_what, respell) => {
    expect(await verdictOn(withPart(index, respell), ring)).toBe('not_base64url');
  });
});

test('a header in non-canonical base64url is rejected although the tag covers it', async () => {
  const text = JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: key.kid, x: '' });
  const proper = Buffer.from(text).toString('base64url');
  expect(await verdictOnForged({ encodedHeader: proper })).toBe('accepted');
  const unpadded = Buffer.from(text.replace('""', '"é>?"')).toString('base64');
  expect(await verdictOnForged({ encodedHeader: `${proper}=` })).toBe('not_base64url');
  expect(await verdictOnForged({ encodedHeader: `${proper.slice(0, 8)} ${proper.slice(8)}` })).toBe(
    'not_base64url',
  );
  expect(unpadded).toMatch(/[+/=]/);
  expect(await verdictOnForged({ encodedHeader: unpadded })).toBe('not_base64url');
});

describe('decryptToken rejects the header', () => {
  const proper = () => `"alg":"dir","enc":"A256GCM","kid":"${key.kid}"`;

  test.each<[TokenRejection, string, () => string | Uint8Array]>([
    ['header_too_long', 'over 1 KiB', () => `{${proper()},"x":"${'x'.repeat(1024)}"}`],
    ['header_not_json', 'empty', () => ''],
    ['header_not_json', 'with a byte order mark', () => `\ufeff{${proper()}}`],
    [
      'header_not_json',
      'with invalid UTF-8',
      () => Buffer.concat([Buffer.from(`{${proper()},"x":"`), Buffer.from([0xff]), Buffer.from('"}')]),
    ],
    ['header_not_json', 'as an array', () => `[{${proper()}}]`],
    ['header_not_json', 'as null', () => 'null'],
    ['header_duplicate_member', 'with a member twice', () => `{${proper()},"alg":"dir"}`],
    ['header_duplicate_member', 'with a member twice, escaped once', () => `{${proper()},"\\u0061lg":"dir"}`],
    ['header_duplicate_member', 'with a nested member twice', () => `{${proper()},"x":[{"y":1,"y":1}]}`],
    ...['zip', 'crit', 'jku', 'jwk', 'x5u', 'x5c', 'p2c'].map(
      (member): [TokenRejection, string, () => string] => [
        'header_refused_member',
        `with ${member}`,
        () => `{${proper()},"${member}":"x"}`,
      ],
    ),
    ['header_invalid_member', 'without kid', () => '{"alg":"dir","enc":"A256GCM"}'],
    ['header_invalid_member', 'with kid as a number', () => '{"alg":"dir","enc":"A256GCM","kid":1}'],
    ['header_invalid_member', 'without alg', () => `{"enc":"A256GCM","kid":"${key.kid}"}`],
    ['header_invalid_member', 'without enc', () => `{"alg":"dir","kid":"${key.kid}"}`],
    ['header_invalid_member', 'with members too deep', () => `{${proper()},"x":[[[[]]]]}`],
    ['content_type', 'with cty', () => `{${proper()},"cty":"JWT"}`],
  ])('as %s: %s', async (reason, _what, header) => {
    expect(await verdictOnForged({ header: header() })).toBe(reason);
  });
});

describe('decryptToken finds the one key', () => {
  test.each(['', 'unknown', '__proto__', 'constructor', ' ', '*'])('and none named %j', async (kid) => {
    expect(await verdictOnForged({ header: { kid } })).toBe('unknown_key');
  });

  test('and does not try another on a token of an unknown kid', async () => {
    expect(await verdictOn(mintToken(await createRing(3)), ring)).toBe('unknown_key');
    expect(await verdictOnForged({ header: { kid: foreignKey.kid } })).toBe('unknown_key');
  });

  test('and does not try another if the named one fails', async () => {
    expect(await verdictOn(forgeToken(foreignKey, { header: { kid: key.kid } }), ring)).toBe('decryption');
    const expired = forgeToken(key, { header: { kid: expiredKey.kid } });
    expect(await verdictOn(expired, ring, { now: NOW - 1 })).toBe('decryption');
  });

  test('and rejects an expired one', async () => {
    expect(await verdictOn(forgeToken(expiredKey), ring, { now: NOW - 1 })).toBe('accepted');
    expect(await verdictOn(forgeToken(expiredKey), ring, { now: NOW })).toBe('expired_key');
  });

  test.each([
    { alg: 'A256KW' },
    { alg: 'A256GCMKW' },
    { alg: 'RSA1_5' },
    { alg: 'RSA-OAEP-256' },
    { alg: 'ECDH-ES' },
    { alg: 'PBES2-HS256+A128KW' },
    { alg: 'none' },
    { alg: '' },
    { alg: 'DIR' },
    { alg: 'dir ' },
    { enc: 'A128GCM' },
    { enc: 'A192GCM' },
    { enc: 'A256CBC-HS512' },
    { enc: 'A128CBC-HS256' },
    { enc: 'C20P' },
    { enc: 'a256gcm' },
    { enc: 'none' },
    { enc: '' },
  ])('and uses it for no other algorithm: %j', async (members) => {
    expect(await verdictOnForged({ header: members })).toBe('algorithm');
  });
});

describe('decryptToken rejects lengths', () => {
  test.each(['AA', 'AAAA', 'A'.repeat(43)])('as encrypted_key: %j', async (encryptedKey) => {
    expect(await verdictOnForged({ encryptedKey })).toBe('encrypted_key');
  });

  test.each(Array.from({ length: 17 }, (_, length) => length).filter((length) => length !== 12))(
    'as iv_length: %i bytes, although they were used to encrypt',
    async (length) => {
      expect(await verdictOnForged({ iv: Buffer.alloc(length, 'iv') })).toBe('iv_length');
    },
  );

  test.each(Array.from({ length: 18 }, (_, length) => length).filter((length) => length !== 16))(
    'as tag_length: %i bytes, although they are those of the right tag',
    async (tagBytes) => {
      expect(await verdictOnForged({ tagBytes })).toBe('tag_length');
    },
  );

  test('and takes 12 and 16 bytes', async () => {
    expect(await verdictOnForged({ iv: Buffer.alloc(12, 'x'), tagBytes: 16 })).toBe('accepted');
  });
});

describe('decryptToken rejects changes', () => {
  test('in the header', async () => {
    const altered = (part: string) =>
      Buffer.from(Buffer.from(part, 'base64url').toString().replace('at+jwt', 'at+jwu')).toString(
        'base64url',
      );
    expect(await verdictOn(withPart(0, altered), ring)).toBe('decryption');
  });

  test.each([
    ['IV', 2],
    ['ciphertext', 3],
    ['tag', 4],
  ])('in any byte of the %s', async (_part, index) => {
    const part = Buffer.from(forgeToken(key).split('.')[index] ?? '', 'base64url');
    const verdicts = Array.from(part, async (byte, position) => {
      const altered = Buffer.from(part);
      altered[position] = byte ^ 0x01;
      return verdictOn(
        withPart(index, () => altered.toString('base64url')),
        ring,
      );
    });
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set(['decryption']));
  });

  test('in the length of the ciphertext', async () => {
    const cut = (part: string) => Buffer.from(part, 'base64url').subarray(1).toString('base64url');
    const grown = (part: string) => `${part.slice(0, part.length - (part.length % 4))}AAAA`;
    expect(await verdictOn(withPart(3, cut), ring)).toBe('decryption');
    expect(await verdictOn(withPart(3, grown), ring)).toBe('decryption');
    expect(
      await verdictOn(
        withPart(3, () => ''),
        ring,
      ),
    ).toBe('decryption');
  });

  test('by any single bit of the whole text', async () => {
    const token = forgeToken(key);
    const accepted: string[] = [];
    for (let position = 0; position < token.length; position += 1) {
      for (let bit = 0; bit < 16; bit += 1) {
        const flipped = String.fromCharCode(token.charCodeAt(position) ^ (1 << bit));
        const altered = token.slice(0, position) + flipped + token.slice(position + 1);
        if ((await verdictOn(altered, ring)) === 'accepted')
          accepted.push(`bit ${bit} of character ${position}`);
      }
    }
    expect(accepted).toEqual([]);
  });
});

describe('decryptToken rejects the claims', () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;

  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['a text', 'hello'],
    ['an array', '[{"sub":"a"}]'],
    ['a string', '"sub"'],
    ['a number', '1'],
    ['a boolean', 'true'],
    ['null', 'null'],
    ['a cut object', '{"sub":"a"'],
    ['two objects', '{}{}'],
    ['a byte order mark before the object', '\ufeff{"sub":"a"}'],
    ['invalid UTF-8', Buffer.from('{"sub":"\xff"}', 'latin1')],
    ['an overlong form', Buffer.from('{"sub":"\xc0\xaf"}', 'latin1')],
    ['an encoded surrogate', Buffer.from('{"sub":"\xed\xa0\x80"}', 'latin1')],
    ['UTF-16', Buffer.from('{"sub":"a"}', 'utf16le')],
    ['a nested JWS', 'eyJhbGciOiJub25lIn0.e30.'],
  ])('as claims_not_json: %s', async (_what, plaintext) => {
    expect(await verdictOnForged({ plaintext })).toBe('claims_not_json');
  });

  test('as claims_too_deep beyond 16 levels', async () => {
    expect(await verdictOnForged({ plaintext: nested(16) })).toBe('accepted');
    expect(await verdictOnForged({ plaintext: nested(17) })).toBe('claims_too_deep');
    expect(await verdictOnForged({ plaintext: `{"a":${'['.repeat(16)}${']'.repeat(16)}}` })).toBe(
      'claims_too_deep',
    );
  });

  test('as claims_too_deep at the maximum depth of a token', async () => {
    expect(await verdictOnForged({ plaintext: `{"a":${'['.repeat(2900)}${']'.repeat(2900)}}` })).toBe(
      'claims_too_deep',
    );
  });

  test('and takes an empty object, white space and any letters', async () => {
    for (const plaintext of ['{}', ' {"a" : 1}\n', '{"a":"Zoë 😀 \\ud800"}']) {
      expect(await verdictOnForged({ plaintext })).toBe('accepted');
    }
  });
});

const ORDER = [
  ...['too_long', 'segment_count', 'not_base64url'],
  ...['header_too_long', 'header_not_json', 'header_duplicate_member', 'header_refused_member'],
  ...['header_invalid_member', 'unknown_key', 'expired_key', 'algorithm'],
  ...[
    'encrypted_key',
    'iv_length',
    'tag_length',
    'content_type',
    'decryption',
    'claims_not_json',
    'accepted',
  ],
];

/** A token with every fault from one place in the order to its end. */
function tokenWithFaultsFrom(first: string): string {
  const has = (fault: string) => ORDER.indexOf(fault) >= ORDER.indexOf(first);
  const known = has('expired_key') ? expiredKey : key;
  const members = [
    `"alg":"${has('algorithm') ? 'RSA1_5' : 'dir'}"`,
    '"enc":"A256GCM"',
    `"kid":"${has('unknown_key') ? 'unknown' : known.kid}"`,
    ...(has('content_type') ? ['"cty":"JWT"'] : []),
    ...(has('header_invalid_member') ? ['"x":[[[[]]]]'] : []),
    ...(has('header_refused_member') ? ['"zip":"DEF"'] : []),
    ...(has('header_duplicate_member') ? ['"enc":"A256GCM"'] : []),
  ];
  const object = `{${members.join()}}`;
  const text = has('header_not_json') ? `[${object}]` : object;
  const encodedHeader = Buffer.from(has('header_too_long') ? text.padEnd(1025) : text).toString('base64url');
  const token = forgeToken(has('decryption') ? foreignKey : known, {
    encodedHeader: has('not_base64url') ? `${encodedHeader}=` : encodedHeader,
    encryptedKey: has('encrypted_key') ? 'AAAA' : '',
    iv: Buffer.alloc(has('iv_length') ? 16 : 12, 'iv'),
    tagBytes: has('tag_length') ? 15 : 16,
    plaintext: has('claims_not_json') ? '[]' : '{}',
  });
  const counted = has('segment_count') ? `${token}.` : token;
  return has('too_long') ? counted.padEnd(8193, 'A') : counted;
}

test.each(ORDER.map((first, index) => [first, ORDER.length - index]))(
  'the order of checks: %s is first among %i',
  async (first) => {
    expect(await verdictOn(tokenWithFaultsFrom(String(first)), ring)).toBe(first);
  },
);

describe('in the response', () => {
  const decrypt = async (token: string) => decryptWith(ring, token);
  const refusals = () =>
    Promise.all(ORDER.slice(0, -1).map((fault) => rejectionOf(decrypt(tokenWithFaultsFrom(fault)))));

  test('every rejection looks the same', async () => {
    for (const refusal of await refusals()) {
      expect(refusal).toBeInstanceOf(InvalidTokenError);
      expect(refusal).toMatchObject({
        message: 'The access token is not valid',
        code: 'ERR_INVALID_TOKEN',
        error: 'invalid_token',
        status: 401,
        headers: {},
      });
    }
  });

  test('the error contains nothing of the token or the key', async () => {
    const plaintext = '{"sub":somebody}';
    const token = forgeToken(key, { plaintext });
    const error = await rejectionOf(decrypt(token));
    const shown = inspect(error, { depth: 10, showHidden: true });
    expect(shown).toContain('claims_not_json');
    expect(shown).not.toContain('somebody');
    for (const part of token.split('.').filter((text) => text !== '')) expect(shown).not.toContain(part);
    expect(shown).not.toContain(secretOf(1).toString('base64url'));
  });
});
