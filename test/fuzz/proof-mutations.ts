import { NOW } from '../support/tokens.js';
import { below, pickOne } from './text-mutations.js';

/** Members that replace those of the header of a proof, each of which makes the proof invalid. `undefined` removes one. */
const HEADER_MEMBERS: readonly Readonly<Record<string, unknown>>[] = [
  ...[undefined, null, '', 'JWT', 'at+jwt', 'DPoP+jwt', 'application/dpop+jwt', 7, ['dpop+jwt'], {}].map(
    (typ) => ({
      typ,
    }),
  ),
  ...[
    undefined,
    null,
    '',
    'none',
    'HS256',
    'HS512',
    'ES256K',
    'es256',
    'RS1',
    'dir',
    'RSA-OAEP',
    7,
    [],
    {},
  ].map((alg) => ({ alg })),
  ...['ES384', 'ES512', 'RS256', 'PS256'].map((alg) => ({ alg })),
  ...[undefined, null, '', 'jwk', 7, [], {}, { kty: 'oct', k: 'AAAA' }, { kty: 'EC' }].map((jwk) => ({
    jwk,
  })),
  ...[[], ['b64'], ['exp'], 'b64', null, {}].map((crit) => ({ crit, b64: false })),
  { padding: 'a'.repeat(1024) },
];

/** Members that replace those of `jwk`, each of which makes the key invalid or a different one. */
const JWK_MEMBERS: readonly Readonly<Record<string, unknown>>[] = [
  ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map((name) => ({ [name]: 'AAAA' })),
  ...[undefined, null, '', 'RSA', 'oct', 'AKP', 'constructor', '__proto__', 7, []].map((kty) => ({ kty })),
  ...[undefined, null, '', 'P-384', 'P-521', 'X25519', 'secp256k1', 7, {}].map((crv) => ({ crv })),
  ...[undefined, null, '', 'AAAA', 'A'.repeat(43), `${'A'.repeat(43)}=`, '+/', 7, [], {}].map((x) => ({ x })),
  { d: null, k: null },
];

/** Values that replace a claim of a proof, each of which makes the proof invalid. */
const CLAIMS: Readonly<Record<string, readonly unknown[]>> = {
  jti: [undefined, null, '', 7, true, [], {}, ['a'], 'j'.repeat(4096)],
  htm: [undefined, null, '', 'POST', 'get', 'GET ', 'HEAD', 7, ['GET']],
  htu: [
    ...[undefined, null, '', '/resource', 'resource', '//api.example.com/resource', 7, [], {}],
    ...['http://api.example.com/resource', 'https://api.example.com/', 'https://api.example.com/Resource'],
    ...[
      'https://api.example.com/resource/',
      'https://api.example.com//resource',
      'https://evil.com/resource',
    ],
    ...[
      'https://api.example.com:444/resource',
      'https://a@api.example.com/resource',
      'https://localhost/resource',
    ],
    ...['https://api.example.com@evil.com/resource', 'https://api.example.com/resource%2F', 'https://[::1'],
  ],
  iat: [
    ...[undefined, null, '', 'now', '1893456000', -1, [], {}, 1e12, 1e300],
    ...[0, 1, NOW - 3600, NOW - 66, NOW + 31, NOW + 3600, 2e9],
  ],
  ath: [undefined, null, '', 'A'.repeat(43), 'AAAA', 7, [], {}],
  nonce: [undefined, null, '', 'A'.repeat(30), 'AAAA', 'é'.repeat(30), 7, [], {}],
};

/** JSON texts that are not one object without duplicates. */
const SPELLINGS: readonly ((text: string) => string)[] = [
  () => '',
  () => 'null',
  () => '7',
  (text) => `[${text}]`,
  (text) => JSON.stringify(text),
  (text) => text.slice(0, -1),
  (text) => text.replace(/\}$/, ',}'),
  (text) => `\ufeff${text}`,
  (text) => `${text}${text}`,
  (text) => `{"__proto__":${text}}`,
  () => `{"a":${'['.repeat(600)}${']'.repeat(600)}}`,
  (text) => text.replaceAll(':', '='),
];

/** Texts with duplicate members, which only headers must not contain. */
const DUPLICATES: readonly ((text: string) => string)[] = [
  (text) => text.replace('{', '{"alg":"none",'),
  (text) => text.replace('{', '{"\\u0061lg":"none",'),
  (text) => text.replace('"jwk":{', '"jwk":{"kty":"oct",'),
  (text) => text.replace(/\}$/, ',"typ":"dpop+jwt"}'),
];

export type Random = () => number;

/** Change the header of a proof, so that a signature over it is worthless. */
export function breakHeader(text: string, random: Random): string {
  const header = JSON.parse(text);
  const chance = random();
  if (chance < 0.2) return pickOne([...SPELLINGS, ...DUPLICATES], random)(text);
  if (chance < 0.6) return JSON.stringify({ ...header, ...pickOne(HEADER_MEMBERS, random) });
  return JSON.stringify({ ...header, jwk: { ...header.jwk, ...pickOne(JWK_MEMBERS, random) } });
}

/** Change the claims of a proof, so that a signature over them is worthless. */
export function breakClaims(text: string, random: Random): string {
  if (random() < 0.2) return pickOne(SPELLINGS, random)(text);
  const [claim, values] = pickOne(Object.entries(CLAIMS), random);
  return JSON.stringify({ ...JSON.parse(text), [claim]: values[below(values.length, random)] });
}

/** Spell a segment in another way that decoders can take for the same bytes. */
export function respell(segment: string, random: Random): string {
  const base64 = Buffer.from(segment, 'base64url').toString('base64');
  const at = below(segment.length, random);
  return pickOne(
    [
      ...[`${segment}=`, `${segment}==`, `=${segment}`, `${segment}%3D`, `${segment}\t`],
      ...[`${segment.slice(0, at)} ${segment.slice(at)}`, `${segment.slice(0, at)}é${segment.slice(at)}`],
      ...[`${base64}=`, encodeURIComponent(`${base64}=`)],
    ],
    random,
  );
}
