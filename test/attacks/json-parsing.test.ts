import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TokenRejection } from 'passport-jwe';
import type { ContentKey } from '../../src/keys/content-key.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { ACCEPTED, type AttackTarget, refusedAs, startTarget } from '../support/attack-target.js';
import { forgeToken } from '../support/forge-token.js';
import { AUDIENCE, claimsOf, createRing, NOW } from '../support/tokens.js';

let keyRing: KeyRing;
let target: AttackTarget;
let key: ContentKey;

beforeAll(async () => {
  keyRing = await createRing();
  target = await startTarget({ keyRing });
  key = internalsOf(keyRing).encryptionKey('access', AUDIENCE);
});

afterAll(() => target.close());

/** A proper claims set with more members behind its own. */
function claimsWith(members: string, overrides: Record<string, unknown> = {}): string {
  return JSON.stringify(claimsOf(overrides)).replace(/\}$/, `,${members}}`);
}

function headerWith(members: string): string {
  const proper = JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: key.kid, typ: 'at+jwt' });
  return proper.replace(/\}$/, `,${members}}`);
}

const presentClaims = (plaintext: string | Uint8Array) => target.present(forgeToken(key, { plaintext }));
const presentHeader = (header: string | Uint8Array) => target.present(forgeToken(key, { header }));

// RFC 7516 §4: a member twice makes the header invalid; parsers that disagree read two tokens in one.
describe('a header with duplicate members', () => {
  test.each([
    '"alg":"dir"',
    '"enc":"A256GCM"',
    '"kid":"other"',
    '"\\u006bid":"other"',
    '"k\\u0069d":"other"',
    '"typ":"rt+jwt"',
    '"x":1,"x":1',
    '"x":{"y":0,"y":0}',
    '"x":"{","x":"}"',
    '"__proto__":0,"__proto__":0',
    '"":0,"":0',
  ])('is rejected: %s', async (members) => {
    expect(await presentHeader(headerWith(members))).toMatchObject(refusedAs('header_duplicate_member'));
  });

  test('is accepted if the names differ in case (RFC 7515 §4)', async () => {
    expect(await presentHeader(headerWith('"ALG":"none","Kid":"other","Zip":"DEF"'))).toMatchObject(ACCEPTED);
  });
});

// RFC 7519 §4 lets a parser take the last of two; what it must not do is to check one and to use the other.
describe('claims with duplicate members', () => {
  test('mean the last one, for every check and for the application', async () => {
    expect(await presentClaims(claimsWith('"sub":"admin"'))).toMatchObject({ body: '{"sub":"admin"}' });
    expect(await presentClaims(claimsWith('"\\u0073ub":"admin"'))).toMatchObject({ body: '{"sub":"admin"}' });
  });

  test.each<[TokenRejection, string]>([
    ['expired', `"exp":${NOW - 60}`],
    ['wrong_issuer', '"iss":"https://evil.example.com"'],
    ['wrong_audience', '"aud":"https://evil.example.com"'],
    ['refresh_token', '"type":"refresh"'],
    ['claim_malformed', '"exp":null'],
    ['key_bound', '"cnf":null,"cnf":{}'],
  ])('are rejected as %s for the last one: %s', async (reason, members) => {
    const expired = reason === 'expired' ? { headers: {}, body: expect.any(String) } : {};
    expect(await presentClaims(claimsWith(members))).toMatchObject({ ...refusedAs(reason), ...expired });
  });
});

describe('text that is not JSON, or not UTF-8 (RFC 8259 §8.1)', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1');

  // The names are those of JSONTestSuite.
  test.each<[string, (json: string) => string | Uint8Array]>([
    ['structure_UTF8_BOM_no_data', () => '\ufeff'],
    ['a byte order mark before it', (json) => `\ufeff${json}`],
    ['a byte order mark behind it', (json) => `${json}\ufeff`],
    ['string_utf16BE_no_BOM', (json) => Buffer.from(json, 'utf16le').swap16()],
    ['string_UTF-16LE_with_BOM', (json) => Buffer.from(`\ufeff${json}`, 'utf16le')],
    ['string_invalid_utf-8', (json) => latin1(json.replace('}', ',"x":"\xff"}'))],
    ['string_overlong_sequence_2_bytes', (json) => latin1(json.replace('}', ',"x":"\xc0\xaf"}'))],
    ['string_UTF-8_invalid_surrogate', (json) => latin1(json.replace('}', ',"x":"\xed\xa0\x80"}'))],
    ['string_truncated-utf-8', (json) => latin1(json.replace('}', ',"x":"\xe0\xff"}'))],
    ['object_trailing_comma', (json) => json.replace(/\}$/, ',}')],
    ['object_trailing_comment', (json) => `${json}/**/`],
    ['object_trailing_#', (json) => `${json}#{}`],
    ['structure_double_array', (json) => `${json}${json}`],
    ['structure_null-byte-outside-string', (json) => `${json}\u0000`],
    ['string_unescaped_ctrl_char', (json) => json.replace('}', ',"x":"a\u0000a"}')],
    ['string_unescaped_newline', (json) => json.replace('}', ',"x":"new\nline"}')],
    ['object_single_quote', (json) => json.replaceAll('"', "'")],
    ['object_unquoted_key', (json) => json.replace('}', ',x:1}')],
    ['number_NaN', (json) => json.replace('}', ',"x":NaN}')],
    ['number_hex_2_digits', (json) => json.replace('}', ',"x":0x42}')],
    ['number_-01', (json) => json.replace('}', ',"x":-01}')],
    ['structure_array_with_extra_array_close', (json) => `[${json}]]`],
    ['array_just_comma', () => '[,]'],
    ['a prefix against script inclusion', (json) => `)]}',\n${json}`],
  ])('is rejected as header and as claims: %s', async (_name, spell) => {
    const header = JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: key.kid, typ: 'at+jwt' });
    expect(await presentHeader(spell(header))).toMatchObject(refusedAs('header_not_json'));
    expect(await presentClaims(spell('{"sub":"demo"}'))).toMatchObject(refusedAs('claims_not_json'));
  });
});

// CWE-1321: prototype pollution.
describe('names with a meaning in JavaScript', () => {
  const POLLUTING = '"__proto__":{"admin":true,"cnf":1},"constructor":{"prototype":{"admin":true}}';

  test('are ordinary claims, and change no prototype', async () => {
    expect(await presentClaims(claimsWith(POLLUTING))).toMatchObject(ACCEPTED);
    expect(await presentHeader(headerWith(POLLUTING))).toMatchObject(ACCEPTED);
    expect([Object.hasOwn(Object.prototype, 'admin'), 'admin' in {}]).toEqual([false, false]);
  });

  test.each(['alg', 'enc', 'kid'])('supply no %s to a header', async (member) => {
    const proper: Record<string, string> = { alg: 'dir', enc: 'A256GCM', kid: key.kid };
    const { [member]: hidden, ...rest } = proper;
    const header = JSON.stringify(rest).replace(
      /\}$/,
      `,"__proto__":${JSON.stringify({ [member]: hidden })}}`,
    );
    expect(await presentHeader(header)).toMatchObject(refusedAs('header_invalid_member'));
  });

  test.each(['iss', 'aud', 'exp', 'iat', 'jti'])('supply no %s to claims', async (claim) => {
    const members = `"__proto__":${JSON.stringify({ [claim]: claimsOf()[claim] })}`;
    const answer = await presentClaims(claimsWith(members, { [claim]: undefined }));
    expect(answer).toMatchObject(refusedAs('claim_missing'));
  });

  test.each(['constructor', 'toString', 'hasOwnProperty', '__proto__'])(
    'do not satisfy a policy that requires them: %s',
    async (name) => {
      const strict = await startTarget({ keyRing, requiredClaims: [name] });
      const [without, own] = [forgeToken(key), forgeToken(key, { plaintext: claimsWith(`"${name}":1`) })];
      expect(await strict.present(without)).toMatchObject(refusedAs('claim_missing'));
      expect(await strict.present(own)).toMatchObject(ACCEPTED);
      await strict.close();
    },
  );
});

describe('numbers (RFC 8259 §6)', () => {
  test.each([
    '1e400',
    '-1e400',
    '1e308',
    '9007199254740993',
    '18446744073709551616',
    '9'.repeat(400),
    '-0.1',
  ])('that are not a time are rejected as one: %s', async (number) => {
    for (const claim of ['exp', 'iat', 'nbf']) {
      const plaintext = claimsWith(`"${claim}":${number}`);
      expect(await presentClaims(plaintext)).toMatchObject(refusedAs('claim_malformed'));
    }
  });

  test.each(['"1893456600"', '[1893456600]', '{"valueOf":1893456600}', 'true', '""', '"1e400"'])(
    'are not coerced from other types: exp %s',
    async (value) => {
      expect(await presentClaims(claimsWith(`"exp":${value}`))).toMatchObject(refusedAs('claim_malformed'));
    },
  );

  test('that JavaScript cannot represent exactly do not extend the expiry', async () => {
    const late = await presentClaims(claimsWith(`"exp":${NOW - 6}.99999999999999999999`));
    expect(late).toMatchObject({ status: 401, reason: 'expired' });
  });
});

// RFC 8259 §8.2; i_string_1st_surrogate_but_2nd_missing and others of JSONTestSuite.
describe('lone surrogates', () => {
  test.each(['\\ud800', '\\udfff', '\\ud800\\ud800', '\\udc00\\ud800', '\\uD834\\uDd'])(
    'do not affect other text: %s',
    async (escaped) => {
      const answer = await presentClaims(claimsWith(`"sub":"${escaped}"`));
      const isJson = escaped.split('\\u').every((part) => part === '' || part.length === 4);
      if (isJson)
        expect(answer).toMatchObject({ status: 200, body: expect.stringMatching(/^\{"sub":"[^"]+"\}$/) });
      else expect(answer).toMatchObject(refusedAs('claims_not_json'));
    },
  );

  test('do not match a similar issuer, audience or key ID', async () => {
    const lone = '"iss":"https://auth.example.com\\ud800"';
    expect(await presentClaims(claimsWith(lone))).toMatchObject(refusedAs('wrong_issuer'));
    const header = JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: `${key.kid}\ud800` });
    expect(await presentHeader(header)).toMatchObject(refusedAs('unknown_key'));
  });
});
