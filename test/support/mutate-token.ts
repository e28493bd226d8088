import type { JsonObject } from '../../src/base/json.js';
import type { ContentKey } from '../../src/keys/content-key.js';
import { forgeToken } from './forge-token.js';
import { claimsOf } from './tokens.js';

/** Changes a token under a key; what it does is drawn from `random`. */
export type Mutation = (token: string, key: ContentKey, random: () => number) => string;

const CHARACTERS = [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
  ...['.', '=', '+', '/', ' ', '\n', '\t', '\u0000', '{', '"', '%', 'é', '\u2028', '😀'],
];
const BYTES = [0x00, 0x20, 0x22, 0x7f, 0x80, 0xc0, 0xed, 0xff];
const BOM = '\ufeff';

/** Members that replace or join those of a header; none repeats a claim. */
const HEADER_MEMBERS: readonly JsonObject[] = [
  ...['RSA1_5', 'A256KW', 'none', 'DIR', '', 7, null].map((alg) => ({ alg })),
  ...['A128GCM', 'A192GCM', 'A256GCM', 'A256CBC-HS512', 'none', 7, null].map((enc) => ({ enc })),
  ...['unknown', '', '__proto__', 7, null].map((kid) => ({ kid })),
  ...['JWT', 'at+jwt', '', 7, null].map((typ) => ({ typ })),
  ...['JWT', 'json', 7, null].map((cty) => ({ cty })),
  ...['DEF', '', 'deflate', null].map((zip) => ({ zip })),
  ...[[], ['kid'], ['exp'], ['kid', 'kid'], 'kid', null].map((crit) => ({ crit })),
  { jku: 'https://example.com/keys' },
  { jwk: { kty: 'oct', k: 'AAAA' } },
  { x5u: 'https://example.com/cert' },
  { x5c: ['AAAA'] },
  { p2c: 1 },
  { p2s: 'AAAA' },
  { epk: {} },
  { apu: 'AAAA', apv: 7 },
  { iv: 'AAAA', tag: 'AAAA' },
  { b64: false },
  { x: { y: [1, null, true] } },
  { x: [[[[[]]]]] },
  { x: '' },
  { x: 'é😀\ud800' },
  { x: 'x'.repeat(900) },
  { x: 'x'.repeat(1100) },
  { '': 1 },
];

/** Texts that stand where the claims set should; the times in them are valid ones or none. */
const PLAINTEXTS: readonly (string | Uint8Array)[] = [
  '',
  ' ',
  '{}',
  '{ "sub" : "a" }\r\n',
  '{"sub":"a","sub":"b"}',
  '{"sub":"a","\\u0073ub":"b"}',
  '{"__proto__":{"sub":"a"}}',
  '{"constructor":1,"toString":2}',
  '{"a":1e400,"b":-0,"c":9007199254740993}',
  '{"a":"\\ud800"}',
  '[]',
  '[{"sub":"a"}]',
  '"a"',
  '1',
  'true',
  'null',
  'undefined',
  '{"sub":"a"',
  '{"sub":"a",}',
  '{"sub":NaN}',
  "{'sub':'a'}",
  '{}{}',
  `${BOM}{}`,
  `{}${BOM}`,
  Buffer.from('{"sub":"\xff"}', 'latin1'),
  Buffer.from('{"sub":"a"}', 'utf16le'),
  `{"a":${'['.repeat(15)}${']'.repeat(15)}}`,
  `{"a":${'['.repeat(16)}${']'.repeat(16)}}`,
  `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`,
  JSON.stringify({ a: 'x'.repeat(5000) }),
  JSON.stringify({ a: 'x'.repeat(7000) }),
];

/** The ways to spell a header otherwise that has the same meaning, or a doubtful one. */
const HEADER_SPELLINGS: readonly ((text: string) => string | Uint8Array)[] = [
  (text) => text,
  (text) => JSON.stringify(JSON.parse(text), undefined, 2),
  (text) => ` ${text}\r\n`,
  (text) => `${text}${' '.repeat(1024)}`,
  (text) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse())),
  (text) => text.replace('"alg"', '"\\u0061lg"').replace('"dir"', '"\\u0064ir"'),
  (text) => text.replace('{', '{"alg":"RSA1_5",'),
  (text) => text.replace('}', ',"\\u006bid":"other"}'),
  (text) => text.replace('}', ',"x":{"y":1,"y":1}}'),
  (text) => text.replace('{', '{"__proto__":{"zip":"DEF"},'),
  (text) => text.replace('}', ',}'),
  (text) => text.slice(0, -1),
  (text) => `${text}${text}`,
  (text) => `[${text}]`,
  (text) => JSON.stringify(text),
  (text) => 'null'.padEnd(text.length),
  (text) => BOM + text,
  (text) => `${text}${BOM}`,
  (text) => text.replaceAll('"', "'"),
  (text) => Buffer.from(text, 'utf16le'),
  (text) => Buffer.from(text.replace('}', ',"x":"\xff"}'), 'latin1'),
  (text) => Buffer.from(text.replace('}', ',"x":"\xed\xa0\x80"}'), 'latin1'),
  () => '',
  () => '{}',
];

/** The ways to spell the same bytes otherwise in base64, more or less leniently. */
const SEGMENT_SPELLINGS: readonly ((segment: string) => string)[] = [
  (segment) => `${segment}=`,
  (segment) => `${segment}==`,
  (segment) => segment.padEnd(segment.length + ((4 - (segment.length % 4)) % 4), '='),
  (segment) => ` ${segment}`,
  (segment) => `${segment}\n`,
  (segment) => `${segment.slice(0, 4)}\t${segment.slice(4)}`,
  (segment) => segment.replaceAll('-', '+').replaceAll('_', '/'),
  (segment) => segment.slice(0, -1) + nextCharacter(segment.at(-1)),
  (segment) => `${segment}A`,
  (segment) => `${segment}AA`,
  (segment) => segment.slice(0, -1),
  (segment) => segment.slice(0, -2),
  (segment) => segment.slice(4),
  (segment) => segment.toLowerCase(),
  () => '',
];

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'a character replaced': (token, _key, random) => {
    const at = below(token.length, random);
    return token.slice(0, at) + pick(CHARACTERS, random) + token.slice(at + 1);
  },
  'a character inserted': (token, _key, random) => {
    const at = below(token.length + 1, random);
    return token.slice(0, at) + pick(CHARACTERS, random) + token.slice(at);
  },
  'characters removed': (token, _key, random) => {
    const at = below(token.length, random);
    return token.slice(0, at) + token.slice(at + 1 + below(5, random));
  },
  'a byte altered': (token, _key, random) =>
    withSegment(token, below(5, random), (segment) => {
      const bytes = Buffer.from(segment, 'base64url');
      if (bytes.length > 0) bytes[below(bytes.length, random)] = pick(BYTES, random);
      return bytes.toString('base64url');
    }),
  'segments rearranged': (token, _key, random) => {
    const segments = token.split('.');
    const [moved = ''] = segments.splice(below(segments.length, random), 1 + below(2, random));
    if (random() < 0.7) segments.splice(below(segments.length + 1, random), 0, moved);
    return segments.join('.');
  },
  'a segment respelled': (token, _key, random) =>
    withSegment(token, below(5, random), pick(SEGMENT_SPELLINGS, random)),
  'header members, under the right tag': (_token, key, random) =>
    forgeToken(key, {
      header: random() < 0.7 ? pick(HEADER_MEMBERS, random) : mergeTwo(HEADER_MEMBERS, random),
    }),
  'a header without a member, under the right tag': (_token, key, random) => {
    const members = Object.entries({ alg: key.alg, enc: key.enc, kid: key.kid, typ: 'at+jwt' });
    members.splice(below(4, random), 1);
    return forgeToken(key, { header: JSON.stringify(Object.fromEntries(members)) });
  },
  'a header respelled, under the right tag': (token, key, random) => {
    const text = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString();
    return forgeToken(key, { header: pick(HEADER_SPELLINGS, random)(text) });
  },
  'a header segment respelled, under the right tag': (token, key, random) =>
    forgeToken(key, { encodedHeader: pick(SEGMENT_SPELLINGS, random)(token.split('.')[0] ?? '') }),
  'other claims, under the right tag': (_token, key, random) =>
    forgeToken(key, { plaintext: pick(PLAINTEXTS, random) }),
  'an IV of another length, under the right tag': (_token, key, random) =>
    forgeToken(key, { iv: Buffer.alloc(below(18, random), 'iv') }),
  'a tag of another length': (_token, key, random) => forgeToken(key, { tagBytes: below(20, random) }),
  'an encrypted key': (_token, key, random) =>
    forgeToken(key, { encryptedKey: 'A'.repeat(below(45, random)) }),
  'an unchanged token': (_token, key, random) =>
    forgeToken(key, { plaintext: JSON.stringify(claimsOf({ jti: String(random()) })) }),
};

function mergeTwo(objects: readonly JsonObject[], random: () => number): JsonObject {
  return { ...pick(objects, random), ...pick(objects, random) };
}

function withSegment(token: string, index: number, replace: (segment: string) => string): string {
  const segments = token.split('.');
  segments[index] = replace(segments[index] ?? '');
  return segments.join('.');
}

/** Differs in the lowest bit of its six, which the last character of most segments has to spare. */
function nextCharacter(character = 'A'): string {
  const alphabet = CHARACTERS.slice(0, 64);
  return alphabet[alphabet.indexOf(character) ^ 1] ?? 'A';
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}

function pick<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[below(items.length, random)];
  if (item === undefined) throw new Error('Nothing to pick from');
  return item;
}
