import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/base/json.js';
import { verifySignature } from '../../../src/token/verify-signature.js';
import type { DpopAlgorithm } from '../../../src/verify/dpop/dpop-options.js';
import { createProofKeyReader, type ProofKey } from '../../../src/verify/dpop/proof-keys.js';
import { ADAPTERS } from '../../support/apps.js';
import { createProof, createProofSigner } from '../../support/dpop-proofs.js';
import { acceptDpop, callResource, createDpopParty } from '../../support/dpop-resource.js';
import { generateEc, generateRsa } from '../../support/key-pairs.js';
import { encodeInteger, modulusOf } from '../../support/rsa-numbers.js';

const ALL: readonly DpopAlgorithm[] = ['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];
const p256 = generateEc('P-256', {}).publicJwk;

function read(jwk: unknown, alg = 'ES256', algorithms = ALL): ProofKey | string {
  const header: JsonObject = JSON.parse(JSON.stringify({ typ: 'dpop+jwt', alg, jwk }));
  return createProofKeyReader(algorithms).read('encoded', () => header);
}

/** Fault of the key: of its members at first, and of the imported key afterwards. */
function faultOf(jwk: unknown, alg?: string): string {
  const key = read(jwk, alg);
  if (typeof key === 'string') return key;
  return key.importKey() === undefined ? 'not imported' : 'none';
}

describe('createProofKeyReader', () => {
  test('returns the thumbprint, and imports the key once', () => {
    const { alg, jwk, jkt } = createProofSigner();
    const key = read(jwk, alg);
    if (typeof key === 'string') throw new Error(key);

    expect([key.alg, key.jkt]).toEqual(['ES256', jkt]);
    expect(key.importKey()).toBe(key.importKey());
    expect(key.importKey()?.type).toBe('public');
  });

  test('ignores members that the thumbprint does not contain (RFC 7638 §3.2.1)', () => {
    const key = read({ ...p256, kid: 'a', use: 'sig', key_ops: ['verify'], x5t: 'a' });

    expect(key).toMatchObject({ jkt: Object(read(p256)).jkt });
  });

  test.each<[string, unknown, string]>([
    ['without jwk', undefined, 'ES256'],
    ['with a string as jwk', 'a', 'ES256'],
    ['with an array as jwk', [p256], 'ES256'],
    ['without kty', { ...p256, kty: undefined }, 'ES256'],
    ['of an unknown type', { ...p256, kty: 'AKP' }, 'ES256'],
    ['with a number as x', { ...p256, x: 7 }, 'ES256'],
    ['with an object as y', { ...p256, y: {} }, 'ES256'],
    ['of the type oct', { kty: 'oct' }, 'ES256'],
  ])('rejects a header %s before the token is read', (_name, jwk, alg) => {
    expect(read(jwk, alg)).toBe('proof_key');
  });

  test('rejects private and symmetric keys before the token is read', () => {
    const { privateJwk } = generateEc('P-256', {});
    const rsa = generateRsa({}).privateJwk;
    const keys = [privateJwk, rsa, { ...p256, d: null }, { kty: 'oct', k: 'AAAA' }, { ...p256, k: 'AAAA' }];

    expect(keys.map((jwk) => read(jwk))).toEqual(keys.map(() => 'proof_private_key'));
  });

  test('rejects keys that are weak, invalid or not for alg', () => {
    const p384 = generateEc('P-384', {}).publicJwk;
    const rsa = generateRsa({}).publicJwk;
    const keys: readonly (readonly [unknown, string])[] = [
      [p384, 'ES256'],
      [p256, 'ES384'],
      [p256, 'ES512'],
      [p256, 'EdDSA'],
      [p256, 'RS256'],
      [rsa, 'ES256'],
      [rsa, 'EdDSA'],
      [{ ...rsa, n: encodeInteger(modulusOf(1024)) }, 'RS256'],
      [{ ...rsa, n: encodeInteger(modulusOf(1024)) }, 'PS256'],
      [{ ...rsa, e: 'AQ' }, 'RS256'],
      [{ ...rsa, e: 'Aw' }, 'RS256'],
      [{ ...rsa, n: 'AQAB' }, 'RS256'],
      [{ ...rsa, n: `AA${rsa['n']}` }, 'RS256'],
      [{ ...p256, y: p256['x'] }, 'ES256'],
      [{ ...p256, y: undefined }, 'ES256'],
      [{ ...p256, x: `${p256['x']}=` }, 'ES256'],
      [{ ...p256, x: 'A'.repeat(43), y: 'A'.repeat(43) }, 'ES256'],
      [{ ...p256, crv: 'secp256k1' }, 'ES256'],
      [{ kty: 'OKP', crv: 'X25519', x: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo' }, 'EdDSA'],
    ];

    expect(keys.filter(([jwk, alg]) => faultOf(jwk, alg) !== 'not imported')).toEqual([]);
  });

  test('a signature under an RSA key with a large exponent is invalid, and throws nothing', () => {
    const n = encodeInteger(modulusOf(4096));
    const exponents = [`${'_'.repeat(42)}8`, `${'_'.repeat(21)}w`, 'AQAAAAAAAAAB'];
    const verdicts = exponents.flatMap((e) =>
      (['RS256', 'PS256'] as const).map((alg) => {
        const key = read({ kty: 'RSA', n, e }, alg);
        const publicKey = typeof key === 'string' ? undefined : key.importKey();
        return publicKey && verifySignature(Buffer.alloc(1), Buffer.alloc(512), { kid: 'a', alg, publicKey });
      }),
    );

    expect(verdicts.filter((isValid) => isValid === true)).toEqual([]);
  });

  test('checks typ before alg, and alg before the key', () => {
    const reader = createProofKeyReader(['ES256']);

    expect(reader.read('a', () => ({ typ: 'JWT', alg: 'none' }))).toBe('proof_typ');
    expect(reader.read('a', () => ({ typ: 'dpop+jwt', alg: 'EdDSA', jwk: { d: '' } }))).toBe(
      'proof_algorithm',
    );
    expect(reader.read('a', () => undefined)).toBe('proof_malformed');
  });
});

describe('cache of headers', () => {
  const header: JsonObject = JSON.parse(JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk: p256 }));

  test('a header is decoded again until it is kept', () => {
    const reader = createProofKeyReader(ALL);
    let decoded = 0;
    const decode = () => {
      decoded += 1;
      return header;
    };
    const first = reader.read('a', decode);
    reader.read('a', decode);
    if (typeof first === 'string') throw new Error(first);
    reader.keep('a', first);

    expect(reader.read('a', decode)).toBe(first);
    expect(decoded).toBe(2);
  });

  test('keeps at most 1000 headers', () => {
    const reader = createProofKeyReader(ALL);
    const key = reader.read('a', () => header);
    if (typeof key === 'string') throw new Error(key);
    for (let index = 0; index <= 1000; index += 1) reader.keep(String(index), key);
    const isKept = (encoded: string) => reader.read(encoded, () => undefined) === key;

    expect(['0', '1', '1000'].map(isKept)).toEqual([false, true, true]);
  });

  test('a header with a wrong signature, or for a different token, is not kept', async () => {
    const party = await createDpopParty();
    const [adapter] = ADAPTERS;
    const app = adapter?.createApp(acceptDpop(party.keyRing));
    if (app === undefined) throw new Error('no adapter');
    const other = createProofSigner();
    // The header of the other client, under the signature of this one.
    const forged = { ...other, privateKey: party.signer.privateKey };
    const victim = { ...party, signer: { ...other, privateKey: forged.privateKey } };
    const first = await callResource(app, victim);
    const second = await callResource(app, { ...party, signer: other });
    const url = 'https://api.example.com/resource';
    const proof = createProof(forged, { url, token: party.bound });
    const third = await callResource(app, party, { proof });

    expect([first, second, third].map(({ status }) => status)).toEqual([401, 401, 401]);
    expect((await callResource(app, party)).status).toBe(200);
  });
});
