import type { JsonObject } from '../../src/base/json.js';
import { below, pickOne } from './text-mutations.js';

const POINT = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) };

/** Members that replace or join those of a protected header. */
const MEMBERS: readonly Readonly<Record<string, unknown>>[] = [
  ...['dir', 'A128KW', 'A192KW', 'A256KW', 'A256GCMKW', 'RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384'],
  ...['RSA-OAEP-512', 'RSA1_5', 'ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'],
  ...['PBES2-HS256+A128KW', 'none', 'HS256', 'RS256', 'PS256', 'ES256', 'ES512', 'EdDSA', 'Ed25519', 7, null],
].map((alg) => ({ alg }));

const OTHERS: readonly Readonly<Record<string, unknown>>[] = [
  ...['A128GCM', 'A192GCM', 'A256GCM', 'A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512', 'none', 7].map(
    (enc) => ({ enc }),
  ),
  ...['other', '', 7, null].map((kid) => ({ kid })),
  ...['JWT', 'at+jwt', '', 7, null].map((typ) => ({ typ })),
  ...['JWT', 'application/jwt', 'json', 7].map((cty) => ({ cty })),
  ...['DEF', '', null].map((zip) => ({ zip })),
  ...[[], ['kid'], ['exp'], ['b64'], 'kid', null].map((crit) => ({ crit })),
  ...['QQ', 'QR', 'QQ==', 'Q Q', '', '+/', 7, null, ['QQ']].map((apu) => ({ apu })),
  ...['QQ', 'QR', 'Qg', '', 7, null].map((apv) => ({ apv })),
  ...[
    { apu: 'QQ', apv: 'QQ' },
    { apu: 'QQ', apv: 'Qg' },
    { apu: '', apv: '' },
  ],
  ...[{}, null, 'epk', [], POINT, { ...POINT, y: undefined }].map((epk) => ({ epk })),
  ...['AAAA', 'A'.repeat(16), '', 7].map((iv) => ({ iv })),
  ...['AAAA', 'A'.repeat(22), '', 7].map((tag) => ({ tag })),
  ...[{ b64: false }, { b64: true }, { jku: 'https://example.com' }, { jwk: POINT }, { x5c: ['AAAA'] }],
  ...[{ x5t: 'AAAA' }, { 'x5t#S256': 'AAAA' }, { x5u: 'https://example.com' }],
  ...[{ p2c: 1 }, { p2s: 'AAAA' }, { iss: 'a' }, { sub: 'a' }, { aud: 'a' }, { exp: 1 }, { nonce: 'a' }],
  ...[{ x: '' }, { x: { y: [1, null] } }, { '': 1 }, { x: 'é😀' }, { __proto__x: 1 }],
];

/** Members that replace or join those of `epk`. */
const EPK_MEMBERS: readonly Readonly<Record<string, unknown>>[] = [
  ...['sig', 'enc', '', 7].map((use) => ({ use })),
  ...[[], ['deriveBits'], ['deriveKey'], ['sign'], 'deriveBits', null].map((operations) => ({
    key_ops: operations,
  })),
  ...[true, false, 'no'].map((ext) => ({ ext })),
  ...['ECDH-ES', 'RSA-OAEP', 'none', 7].map((alg) => ({ alg })),
  ...['d', 'k', 'p', 'oth', 'n', 'e', 'priv', 'pub', 'x5c', 'x'].map((member) => ({ [member]: 'AAAA' })),
  ...['EC', 'OKP', 'oct', 7].map((kty) => ({ kty })),
  ...['P-256', 'P-384', 'P-521', 'X25519', 'X448', 'Ed25519', 'secp256k1', 7].map((crv) => ({ crv })),
  ...[{ kid: 'one' }, { kid: 7 }, { y: undefined }, { y: 'AAAA' }, { z: 1 }],
];

/** Other spellings of the JSON of a header. */
const SPELLINGS: readonly ((text: string) => string)[] = [
  (text) => ` ${text.replaceAll(':', ' :\t')}\r\n`,
  (text) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse())),
  (text) => text.replace('"alg"', '"\\u0061lg"'),
  (text) => text.replace('{', '{"alg":"none",'),
  (text) => text.replace(/\}$/, ',"alg":"dir"}'),
  (text) => text.replace(/\}$/, ',"\\u0065nc":"A128GCM"}'),
  (text) => text.replace('{', '{"__proto__":{"zip":"DEF"},'),
  (text) => text.replace(/\}$/, ',}'),
  (text) => `\ufeff${text}`,
  (text) => `[${text}]`,
  (text) => text.slice(0, -1),
];

/** Change the JSON of a header. */
export function mutateHeader(text: string, random: () => number): string {
  const header: JsonObject = JSON.parse(text);
  const chance = random();
  if (chance < 0.15) return pickOne(SPELLINGS, random)(text);
  if (chance < 0.25) {
    const members = Object.entries(header);
    members.splice(below(members.length, random), 1);
    return JSON.stringify(Object.fromEntries(members));
  }
  const { epk } = header;
  if (typeof epk === 'object' && chance < 0.6) {
    return JSON.stringify({ ...header, epk: { ...epk, ...pickOne(EPK_MEMBERS, random) } });
  }
  if (chance < 0.7) return JSON.stringify({ ...header, ...pickOne(MEMBERS, random) });
  const second = random() < 0.3 ? pickOne(OTHERS, random) : {};
  return JSON.stringify({ ...header, ...pickOne(OTHERS, random), ...second });
}
