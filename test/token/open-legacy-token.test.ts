import { describe, expect, test } from '@jest/globals';
import { InvalidTokenError } from '../../src/base/errors.js';
import { createLegacyKey } from '../../src/keys/create-legacy-key.js';
import { resolveClaimsPolicy } from '../../src/token/claims/claims-policy.js';
import { type LegacyPolicy, resolveLegacyPolicy } from '../../src/token/legacy-policy.js';
import { isLegacyToken, openLegacyToken } from '../../src/token/open-legacy-token.js';
import { isDeeplyFrozen } from '../support/deeply-frozen.js';
import { failuresOf } from '../support/failures-of.js';
import type { ForgedParts } from '../support/forge-token.js';
import {
  escapeOf,
  forgeLegacyToken,
  LEGACY,
  LEGACY_CLAIMS,
  LEGACY_HEADER,
  LEGACY_TOKENS,
  legacyKey,
} from '../support/legacy-tokens.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW, secretOf } from '../support/tokens.js';

function policyOf(options = LEGACY): LegacyPolicy {
  const policy = resolveLegacyPolicy(options, resolveClaimsPolicy({ issuer: ISSUER, audience: AUDIENCE }));
  if (policy === undefined) throw new Error('There is a policy for options');
  return policy;
}

const legacy = policyOf();

const open = (token: string, now = NOW) => openLegacyToken(token, { legacy, maxTokenLength: 8192 }, now);

function verdictOn(token: string, now = NOW): string {
  try {
    open(token, now);
    return 'opened';
  } catch (error) {
    if (error instanceof InvalidTokenError) return error.reason;
    throw error;
  }
}

const verdictOnForged = (parts: ForgedParts) => verdictOn(forgeLegacyToken(LEGACY_CLAIMS.bare, parts));

const withHeader = (header: string) => forgeLegacyToken(LEGACY_CLAIMS.bare, { header });

const ENCODED_HEADER = Buffer.from(LEGACY_HEADER).toString('base64url');

/** The two members as JSON allows them to be written. */
const SPELLINGS = [
  ['spaces, as jwcrypto and cjose may write it', '{"alg": "dir", "enc": "A256GCM"}'],
  ['another order, as Crypt::JWT may write it', '{"enc":"A256GCM","alg":"dir"}'],
  ['spaces and another order', '{ "enc" : "A256GCM" , "alg" : "dir" }'],
  ['lines and tabs', '\r\n{\n\t"alg": "dir",\n\t"enc": "A256GCM"\n}\n'],
  ['an escape in a value', '{"alg":"d\\u0069r","enc":"A256GCM"}'],
  ['an escape in a name', '{"\\u0061lg":"dir","enc":"A256GCM"}'],
  ['an escape for every character', LEGACY_HEADER.replace(/\w/g, escapeOf)],
] as const;

describe('isLegacyToken', () => {
  test.each(Object.entries(LEGACY_TOKENS))('recognises tokens of python-jose: %s', (_, token) => {
    expect(isLegacyToken(token)).toBe(true);
  });

  test('does not recognise a token of this package', async () => {
    expect(isLegacyToken(mintToken(await createRing()))).toBe(false);
  });

  test.each([
    ['a kid', '{"alg":"dir","enc":"A256GCM","kid":"x"}'],
    ['an empty kid', '{"alg":"dir","enc":"A256GCM","kid":""}'],
    ['a typ', '{"alg":"dir","enc":"A256GCM","typ":"JWT"}'],
    ['a cty', '{"alg":"dir","cty":"JWT","enc":"A256GCM"}'],
    ['compression', '{"alg":"dir","enc":"A256GCM","zip":"DEF"}'],
    ['any other member', '{"alg":"dir","enc":"A256GCM","x":1}'],
    ['a member twice', '{"alg":"dir","enc":"A256GCM","enc":"A256GCM"}'],
    ['another alg', '{"alg":"A256KW","enc":"A256GCM"}'],
    ['another enc', '{"alg":"dir","enc":"A128GCM"}'],
    ['a member twice, one with an escape', '{"alg":"dir","enc":"A256GCM","\\u0061lg":"dir"}'],
    ['a third member with an escape', '{"alg":"dir", "enc":"A256GCM", "\\u006bid":"x"}'],
    ['a third member that is null', '{"alg":"dir","enc":"A256GCM","kid":null}'],
    ['__proto__', '{"alg":"dir","enc":"A256GCM","__proto__":{}}'],
    ['an alg in upper case', '{"alg":"DIR","enc":"A256GCM"}'],
    ['an alg that is not a string', '{"alg":["dir"],"enc":"A256GCM"}'],
    ['one member', '{"alg":"dir"}'],
    ['a list around it', '[{"alg":"dir","enc":"A256GCM"}]'],
    ['text behind it', '{"alg":"dir","enc":"A256GCM"}x'],
    ['a byte order mark', '\ufeff{"alg":"dir","enc":"A256GCM"}'],
    ['white space that JSON does not have', '{\u00a0"alg":"dir","enc":"A256GCM"}'],
    ['single quotes', "{'alg':'dir','enc':'A256GCM'}"],
    ['a comma behind the last member', '{"alg":"dir","enc":"A256GCM",}'],
  ])('does not recognise a header with %s', (_, header) => {
    expect(isLegacyToken(withHeader(header))).toBe(false);
  });

  test.each(SPELLINGS)('recognises a header with %s', (_, header) => {
    expect(isLegacyToken(withHeader(header))).toBe(true);
  });

  test('recognises a header of up to 256 bytes', () => {
    const ofLength = (bytes: number) => withHeader(LEGACY_HEADER.padEnd(bytes, ' '));

    expect([255, 256, 257, 1024, 5000].map((bytes) => isLegacyToken(ofLength(bytes)))).toEqual([
      ...[true, true],
      ...[false, false, false],
    ]);
  });

  test('does not recognise a header in invalid UTF-8', () => {
    const header = Buffer.concat([Buffer.from(LEGACY_HEADER), Buffer.from([0xff])]);

    expect(isLegacyToken(forgeLegacyToken(LEGACY_CLAIMS.bare, { header }))).toBe(false);
  });

  test.each([
    ['padding', (encoded: string) => `${encoded}=`],
    ['white space', (encoded: string) => `${encoded} `],
    ['bits that are left over', (encoded: string) => encoded.replace(/A$/, 'B')],
    ['a character beyond ASCII', (encoded: string) => encoded.replace('e', '\u0165')],
  ])('does not recognise a header in base64url with %s', (_, respell) => {
    const [encoded = '', ...rest] = withHeader('{"alg": "dir","enc":"A256GCM"}  ').split('.');

    expect(isLegacyToken([encoded, ...rest].join('.'))).toBe(true);
    expect(respell(encoded)).not.toBe(encoded);
    expect(isLegacyToken([respell(encoded), ...rest].join('.'))).toBe(false);
  });

  test.each(['', '.', LEGACY_HEADER, ENCODED_HEADER, `${ENCODED_HEADER}A`])(
    'does not recognise %j',
    (token) => {
      expect(isLegacyToken(token)).toBe(false);
    },
  );
});

describe('openLegacyToken', () => {
  test.each([
    ['models', LEGACY_CLAIMS.models],
    ['functions', LEGACY_CLAIMS.functions],
    ['bare', LEGACY_CLAIMS.bare],
    ['service', LEGACY_CLAIMS.service],
  ] as const)('opens what python-jose wrote: %s', (name, claims) => {
    const opened = open(LEGACY_TOKENS[name]);
    expect(opened.claims).toMatchObject(claims);
    expect(opened.claims).toMatchObject({ iss: LEGACY.issuer, aud: AUDIENCE });
  });

  test.each(SPELLINGS)('opens a token whose header has %s', (_, header) => {
    expect(open(withHeader(header)).claims).toMatchObject(LEGACY_CLAIMS.bare);
  });

  test('authenticates the spelling of the header: it cannot be changed without the key', () => {
    const encoded = SPELLINGS.map(([, header]) => Buffer.from(header).toString('base64url'));
    const [, ...rest] = LEGACY_TOKENS.bare.split('.');
    const respelled = encoded.map((header) => [header, ...rest].join('.'));

    expect(respelled.map(isLegacyToken)).toEqual(encoded.map(() => true));
    expect(new Set(respelled.map((token) => verdictOn(token)))).toEqual(new Set(['decryption']));
  });

  test('treats the same claims under another spelling as another token', () => {
    const ids = SPELLINGS.map(([, header]) => open(withHeader(header)).claims['jti']);

    expect(new Set(ids).size).toBe(SPELLINGS.length);
  });

  test('adds kid and typ to the header', () => {
    const header = { alg: 'dir', enc: 'A256GCM', kid: legacyKey.kid, typ: 'at+jwt' };
    expect(open(LEGACY_TOKENS.models).header).toEqual(header);
  });

  test('freezes what it returns, at every level', () => {
    const opened = open(LEGACY_TOKENS.functions);
    expect([opened, opened.header, opened.claims, opened.key].map(Object.isFrozen)).not.toContain(false);
    expect(isDeeplyFrozen(opened.claims)).toBe(true);
  });

  test.each([12, 16])('takes IVs of %i bytes', (length) => {
    expect(verdictOnForged({ iv: Buffer.alloc(length, 'iv') })).toBe('opened');
  });

  test('rejects IVs of any other length up to 32 bytes', async () => {
    const failures = await failuresOf(
      Array.from({ length: 33 }, (_, length) => length).filter((length) => ![12, 16].includes(length)),
      (length) => {
        expect(verdictOnForged({ iv: Buffer.alloc(length, 'iv') })).toBe('iv_length');
      },
    );

    expect(failures).toEqual([]);
  });

  test.each([0, 4, 12, 15, 17])('rejects tags of %i bytes', (tagBytes) => {
    expect(verdictOnForged({ tagBytes })).toBe('tag_length');
  });

  test('rejects an encrypted key', () => {
    expect(verdictOnForged({ encryptedKey: 'AAAA' })).toBe('encrypted_key');
  });

  test.each(['[]', 'null', '{"exp":NaN}', '\ufeff{}', ''])('rejects the claims %j', (plaintext) => {
    expect(verdictOnForged({ plaintext })).toBe('claims_not_json');
  });

  test('rejects claims that nest too deep', () => {
    expect(verdictOnForged({ plaintext: `{"a":${'['.repeat(16)}${']'.repeat(16)}}` })).toBe(
      'claims_too_deep',
    );
  });

  test('rejects a token of another key', async () => {
    const key = await createLegacyKey({ secret: secretOf(1) });
    const others = { legacy: policyOf({ ...LEGACY, key }), maxTokenLength: 8192 };
    expect(() => openLegacyToken(LEGACY_TOKENS.models, others, NOW)).toThrow(
      expect.objectContaining({ reason: 'decryption' }),
    );
  });

  test.each([
    ['IV', 2],
    ['ciphertext', 3],
    ['tag', 4],
  ])('rejects a change to any byte of the %s', (_, index) => {
    const parts = LEGACY_TOKENS.bare.split('.');
    const bytes = Buffer.from(parts[index] ?? '', 'base64url');
    const verdicts = Array.from(bytes, (byte, position) => {
      const altered = Buffer.from(bytes);
      altered[position] = byte ^ 1;
      return verdictOn(parts.with(index, altered.toString('base64url')).join('.'));
    });
    expect(new Set(verdicts)).toEqual(new Set(['decryption']));
  });

  test('accepts only one spelling of a token', () => {
    expect(verdictOn(`${LEGACY_TOKENS.bare}=`)).toBe('not_base64url');
    expect(verdictOn(LEGACY_TOKENS.bare.replace('..', '.. '))).toBe('not_base64url');
    expect(verdictOn(`${LEGACY_TOKENS.bare}.`)).toBe('segment_count');
    expect(verdictOn(LEGACY_TOKENS.bare.replace('..', '.'))).toBe('segment_count');
  });

  test('rejects a token that is longer than allowed', () => {
    const token = LEGACY_TOKENS.bare;
    const openWithin = (maxTokenLength: number) => () =>
      openLegacyToken(token, { legacy, maxTokenLength }, NOW);
    expect(openWithin(token.length)).not.toThrow();
    expect(openWithin(token.length - 1)).toThrow(expect.objectContaining({ reason: 'too_long' }));
  });

  test('rejects every token from `until` on, and if the clock returns NaN', () => {
    expect(verdictOn(LEGACY_TOKENS.bare, LEGACY.until - 0.001)).toBe('opened');
    expect(verdictOn(LEGACY_TOKENS.bare, LEGACY.until)).toBe('expired_key');
    expect(verdictOn(LEGACY_TOKENS.bare, Number.NaN)).toBe('expired_key');
  });
});
