import { describe, expect, test } from '@jest/globals';
import { InvalidTokenError } from '../../src/base/errors.js';
import { assertAdditionalMembers, parseProtectedHeader } from '../../src/token/protected-header.js';
import { thrownBy } from '../support/caught.js';
import { isDeeplyFrozen } from '../support/deeply-frozen.js';

const required = { alg: 'dir', enc: 'A256GCM', kid: 'one' };
const BOM = '\ufeff';

/** The reason why a header is refused; an object stands for its JSON. */
function reasonFor(header: string | Buffer | object): string | undefined {
  const text = typeof header === 'string' || Buffer.isBuffer(header) ? header : JSON.stringify(header);
  const error = thrownBy(() => parseProtectedHeader(Buffer.from(text)));
  return error instanceof InvalidTokenError ? error.reason : undefined;
}

/** A proper header of exactly that many bytes. */
function headerOfLength(length: number): Buffer {
  const filled = JSON.stringify({ ...required, filler: '' });
  return Buffer.from(filled.replace('"filler":""', `"filler":"${'x'.repeat(length - filled.length)}"`));
}

describe('parseProtectedHeader', () => {
  test('reads every member, known or not', () => {
    const header = { ...required, typ: 'at+jwt', extra: { deep: [1, null, true] } };
    expect(parseProtectedHeader(Buffer.from(JSON.stringify(header)))).toEqual(header);
  });

  test('freezes every level', () => {
    const header = parseProtectedHeader(Buffer.from(JSON.stringify({ ...required, a: { b: [{}] } })));
    expect(isDeeplyFrozen(header)).toBe(true);
  });

  test('takes white space and any order of the members', () => {
    const text = '\n{ "kid" : "one",\t"enc":"A256GCM",\r\n"alg":"dir" } ';
    expect(parseProtectedHeader(Buffer.from(text))).toEqual(required);
  });

  test('takes 1024 bytes', () => {
    expect(headerOfLength(1024)).toHaveLength(1024);
    expect(parseProtectedHeader(headerOfLength(1024))).toMatchObject(required);
  });

  test('rejects 1025 bytes', () => {
    expect(reasonFor(headerOfLength(1025))).toBe('header_too_long');
  });

  test.each([
    ['nothing', ''],
    ['white space', ' '],
    ['a byte order mark before it', BOM + JSON.stringify(required)],
    ['an array', JSON.stringify([required])],
    ['a string', '"dir"'],
    ['a number', '1'],
    ['null', 'null'],
    ['a cut', JSON.stringify(required).slice(0, -1)],
    ['text after it', `${JSON.stringify(required)}x`],
    ['a second object after it', JSON.stringify(required).repeat(2)],
    ['a trailing comma', '{"alg":"dir","enc":"A256GCM","kid":"one",}'],
    ['single quotes', "{'alg':'dir','enc':'A256GCM','kid':'one'}"],
    ['a comment', '{"alg":"dir","enc":"A256GCM","kid":"one"/**/}'],
    ['a raw line end in a string', '{"alg":"dir","enc":"A256GCM","kid":"o\nne"}'],
    ['NaN', '{"alg":"dir","enc":"A256GCM","kid":"one","x":NaN}'],
  ])('rejects %s: not a JSON object', (_what, text) => {
    expect(reasonFor(text)).toBe('header_not_json');
  });

  test('has a cause that locates the JSON error', () => {
    expect(thrownBy(() => parseProtectedHeader(Buffer.from('{')))).toHaveProperty(
      'cause',
      expect.any(SyntaxError),
    );
  });

  test.each([
    ['a lone continuation byte', [0x80]],
    ['a byte that is never UTF-8', [0xff]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a cut sequence', [0xe2, 0x82]],
  ])('rejects %s: not UTF-8', (_what, bytes) => {
    const header = Buffer.concat([
      Buffer.from('{"alg":"dir","enc":"A256GCM","kid":"one","x":"'),
      Buffer.from(bytes),
      Buffer.from('"}'),
    ]);
    expect(reasonFor(header)).toBe('header_not_json');
  });

  test('rejects UTF-16', () => {
    expect(reasonFor(Buffer.from(JSON.stringify(required), 'utf16le'))).toBe('header_not_json');
  });

  test.each([
    '{"alg":"dir","enc":"A256GCM","kid":"one","kid":"two"}',
    '{"alg":"RSA1_5","alg":"dir","enc":"A256GCM","kid":"one"}',
    '{"alg":"dir","enc":"A256GCM","kid":"one","\\u0061lg":"dir"}',
    '{"alg":"dir","enc":"A256GCM","kid":"one","x":{"y":1,"y":1}}',
    '{"alg":"dir","enc":"A256GCM","kid":"one","x":[{"y":1,"\\u0079":1}]}',
  ])('rejects a member named twice: %s', (text) => {
    expect(reasonFor(text)).toBe('header_duplicate_member');
  });

  test.each(['zip', 'crit', 'jku', 'jwk', 'x5u', 'x5c', 'p2c'])(
    'rejects the member %s with any value',
    (member) => {
      for (const value of ['DEF', null, '', 0, [], ['kid'], {}, 'https://example.com/']) {
        expect(reasonFor({ ...required, [member]: value })).toBe('header_refused_member');
      }
    },
  );

  test('rejects a forbidden member that is spelled with an escape', () => {
    expect(reasonFor('{"alg":"dir","enc":"A256GCM","kid":"one","\\u007aip":"DEF"}')).toBe(
      'header_refused_member',
    );
  });

  test.each(['alg', 'enc', 'kid'])('rejects a header whose %s is missing or not a string', (member) => {
    for (const value of [undefined, null, 7, true, [], ['dir'], {}]) {
      expect(reasonFor({ ...required, [member]: value })).toBe('header_invalid_member');
    }
  });

  test('takes no required member from a prototype', () => {
    expect(reasonFor('{"__proto__":{"alg":"dir","enc":"A256GCM","kid":"one"}}')).toBe(
      'header_invalid_member',
    );
  });

  test('accepts four levels of nesting, including the header, and rejects five', () => {
    expect(parseProtectedHeader(Buffer.from(JSON.stringify({ ...required, a: [[{}]] })))).toBeDefined();
    expect(reasonFor({ ...required, a: [[[{}]]] })).toBe('header_invalid_member');
  });

  test.each([['JWT'], ['jwt'], ['application/JWT']])('takes a nested JWT: cty %j', (cty) => {
    expect(parseProtectedHeader(Buffer.from(JSON.stringify({ ...required, cty })))).toMatchObject({ cty });
  });

  test.each([[''], [null], [['JWT']], ['JWT '], ['a/jwt'], ['text/plain'], ['jwk-set+json']])(
    'rejects another content type: cty %j',
    (cty) => {
      expect(reasonFor({ ...required, cty })).toBe('content_type');
    },
  );
});

describe('assertAdditionalMembers', () => {
  test('takes members of the caller', () => {
    expect(() => assertAdditionalMembers({ tenant: 'a', 'x-trace': [1], ALG: 'x' })).not.toThrow();
  });

  test.each([
    ...['alg', 'enc', 'kid', 'typ', 'cty', 'epk', 'apu', 'apv', 'iv', 'tag', 'p2s'],
    ...['zip', 'crit', 'jku', 'jwk', 'x5u', 'x5c', 'p2c'],
    ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'scope'],
  ])('rejects %s', (member) => {
    expect(() => assertAdditionalMembers({ [member]: 'x' })).toThrow(
      new TypeError(`issue: header must not contain the reserved member ${member}: remove it`),
    );
  });
});
