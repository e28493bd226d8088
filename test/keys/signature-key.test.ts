import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { NO_JWK } from '../../src/keys/jwk.js';
import { parseSigningKey, parseVerificationKey } from '../../src/keys/signature-key.js';
import { createVerificationKeys } from '../../src/keys/verification-keys.js';
import { thrownBy } from '../support/caught.js';
import {
  generateEc,
  generateOkp,
  generateRecipient,
  generateRsa,
  generateShared,
  generateSigner,
} from '../support/key-pairs.js';
import { NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const VARIABLE = 'PASSPORT_JWE_TEST_SIGNER';
const { privateJwk, publicJwk } = generateSigner();

function isTaken(jwk: Jwk, parse: (jwk: Jwk) => unknown): boolean {
  try {
    parse(jwk);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

describe.each(['EdDSA', 'ES256', 'PS256', 'RS256'] as const)('a key for %s', (alg) => {
  const signer = generateSigner(alg);

  test('verifies if it is public', () => {
    const key = parseVerificationKey({ ...signer.publicJwk, use: 'sig', key_ops: ['verify'], exp: NOW });
    expect(key).toMatchObject({ kid: 'signer', alg, notAfter: NOW });
    expect(key.publicKey.type).toBe('public');
    expect(Object.isFrozen(key)).toBe(true);
  });

  test('signs if it is private', () => {
    const key = parseSigningKey({ ...signer.privateJwk, use: 'sig', key_ops: ['sign'] });
    expect(key).toMatchObject({ kid: 'signer', alg });
    expect([key.privateKey.type, key.publicKey.type]).toEqual(['private', 'public']);
  });

  test('is not the other: a private key verifies nothing, and a public one signs nothing', () => {
    expect(thrownBy(() => parseVerificationKey(signer.privateJwk))).toEqual(
      new TypeError('a verification key must be a public JWK: remove d and the other private members'),
    );
    expect(thrownBy(() => parseSigningKey(signer.publicJwk))).toEqual(
      new TypeError('a signing key must be a private JWK: export it with d'),
    );
  });

  test.each([
    { use: 'enc' },
    { use: '' },
    { key_ops: [] },
    { key_ops: ['encrypt'] },
    { key_ops: ['verify', 'sign', 'deriveBits'] },
    { key_ops: ['sign', 'sign'] },
    { key_ops: 'sign' },
    { kid: undefined },
    { kid: '' },
    { kid: 7 },
    { kid: 'a b' },
    { kid: 'é' },
  ])('is rejected with %j', (members) => {
    expect(isTaken({ ...signer.publicJwk, ...members }, parseVerificationKey)).toBe(false);
    expect(isTaken({ ...signer.privateJwk, ...members }, parseSigningKey)).toBe(false);
  });

  test('gets an error that describes a valid kid', () => {
    expect(thrownBy(() => parseVerificationKey({ ...signer.publicJwk, kid: 'x'.repeat(257) }))).toEqual(
      new TypeError(
        'kid must be a string of 1 to 256 visible ASCII characters: add the key ID of the issuer, for example "2026-01"',
      ),
    );
  });

  test('is limited to one operation by key_ops', () => {
    expect(thrownBy(() => parseVerificationKey({ ...signer.publicJwk, key_ops: ['sign'] }))).toEqual(
      new TypeError('key_ops must include "verify": add it, or remove key_ops'),
    );
    expect(thrownBy(() => parseSigningKey({ ...signer.privateJwk, key_ops: ['verify'] }))).toEqual(
      new TypeError('key_ops must include "sign": add it, or remove key_ops'),
    );
  });

  test('that signs must not have exp', () => {
    expect(thrownBy(() => parseSigningKey({ ...signer.privateJwk, exp: NOW }))).toEqual(
      new TypeError('a signing key must not have exp: remove exp from the JWK'),
    );
  });
});

describe('the matrix of alg and key', () => {
  const JWKS: readonly Jwk[] = [
    generateRsa().publicJwk,
    generateEc('P-256').publicJwk,
    generateEc('P-384').publicJwk,
    generateEc('P-521').publicJwk,
    generateEc('secp256k1').publicJwk,
    generateOkp('ed25519').publicJwk,
    generateOkp('ed448').publicJwk,
    generateOkp('x25519').publicJwk,
    generateShared(''),
  ];

  const NOTHING = [
    ...['ES256K', 'Ed448', 'RS1', 'HS256', 'HS512', 'none', 'ML-DSA-44'],
    ...['', 'toString', 'eddsa', 'RSA-OAEP-256', 'ECDH-ES'],
  ];
  const TAKEN: readonly [alg: string, names: readonly string[]][] = [
    ['EdDSA', ['OKP Ed25519']],
    ['Ed25519', ['OKP Ed25519']],
    ['ES256', ['EC P-256']],
    ['ES384', ['EC P-384']],
    ['ES512', ['EC P-521']],
    ...['PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'].map((alg): [string, string[]] => [
      alg,
      ['RSA'],
    ]),
    ...NOTHING.map((alg): [string, string[]] => [alg, []]),
  ];

  test.each(TAKEN)('for %s has %j', (alg, names) => {
    const taken = JWKS.filter((jwk) => isTaken({ ...jwk, kid: 'a', alg }, parseVerificationKey));
    expect(taken.map(({ kty, crv }) => [kty, crv].filter(Boolean).join(' '))).toEqual(names);
  });

  test.each([undefined, null, 7, ['EdDSA']])('has nothing for alg %j', (alg) => {
    for (const jwk of JWKS) {
      expect(thrownBy(() => parseVerificationKey({ ...jwk, kid: 'a', alg }))).toEqual(
        new TypeError(
          'alg must be one of EdDSA, Ed25519, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512: set the signature algorithm of the JWK',
        ),
      );
    }
  });

  test.each(['Ed25519', 'ES384', 'ES512', 'PS384', 'RS512'])('has no signing key for %s', (alg) => {
    expect(thrownBy(() => parseSigningKey({ ...privateJwk, alg }))).toEqual(
      new TypeError('alg must be one of EdDSA, ES256, PS256, RS256: set the signature algorithm of the JWK'),
    );
  });

  test.each([1024, 2040])('has no RSA of %i bits', (bits) => {
    const weak = generateRsa({ kid: 'a', alg: 'PS256' }, bits);
    expect(isTaken(weak.publicJwk, parseVerificationKey)).toBe(false);
    expect(isTaken(weak.privateJwk, parseSigningKey)).toBe(false);
  });

  test('has no private half that belongs to another key', () => {
    const { d } = generateSigner('ES256').privateJwk;
    expect(isTaken({ ...generateSigner('ES256').privateJwk, d }, parseSigningKey)).toBe(false);
    expect(isTaken({ ...privateJwk, x: generateSigner().publicJwk['x'] }, parseSigningKey)).toBe(false);
  });
});

test('the kid of another issuer may have characters that ours have not', () => {
  expect(parseVerificationKey({ ...publicJwk, kid: 'abc+/=' }).kid).toBe('abc+/=');
  expect(isTaken({ ...privateJwk, kid: 'abc+/=' }, parseSigningKey)).toBe(false);
  expect(isTaken({ ...publicJwk, kid: 'k'.repeat(257) }, parseVerificationKey)).toBe(false);
});

describe('locations of signature keys', () => {
  let directory = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'passport-jwe-signers-'));
  });
  afterAll(() => rm(directory, { recursive: true }));
  afterEach(() => {
    delete process.env[VARIABLE];
  });

  const file = async (text: string) => {
    const path = join(directory, `${Math.random()}.json`);
    await writeFile(path, text);
    return path;
  };

  test('a JWK, a JWK Set, a file and an environment variable', async () => {
    const path = await file(`\n${JSON.stringify(publicJwk)}\n`);
    process.env[VARIABLE] = JSON.stringify({ keys: [publicJwk] });
    for (const location of [
      { jwk: publicJwk },
      { jwks: { keys: [publicJwk] } },
      { file: path },
      { env: VARIABLE },
    ]) {
      const keys = await createVerificationKeys(location);
      expect(await keys.find('signer', 'EdDSA')).toMatchObject({ alg: 'EdDSA' });
    }
    const secretFile = await file(JSON.stringify(privateJwk));
    await chmod(secretFile, 0o600);
    expect(await createSigningKey({ file: secretFile })).toMatchObject({ kid: 'signer' });
  });

  test('a file of a private key that no other user can read', async () => {
    const path = await file(JSON.stringify(privateJwk));
    await chmod(path, 0o644);

    await expect(createSigningKey({ file: path })).rejects.toThrow('chmod 600');
  });

  test('a set as an issuer publishes it, whose keys for encryption are left out', async () => {
    const encryption = { ...generateRecipient('RSA-OAEP-256').publicJwk, use: 'enc' };
    const ending = { ...generateSigner('ES256', { kid: 'ending' }).publicJwk, exp: NOW };
    const keys = await createVerificationKeys({ jwks: { keys: [encryption, publicJwk, ending] } });
    expect(await keys.find('recipient', 'RSA-OAEP-256')).toBeUndefined();
    expect(keys.exportPublicKeys()).toStrictEqual({
      keys: [
        { ...publicJwk, use: 'sig' },
        { ...ending, use: 'sig' },
      ],
    });
    await expect(createVerificationKeys({ jwks: { keys: [encryption] } })).rejects.toThrow(TypeError);
  });

  test.each([
    [
      {},
      'the key location must be an object with jwk, jwks, env or file, for example { file: "signing.jwk" }',
    ],
    [{ jwks: {} }, 'jwks: the JWK Set must have an array "keys" with at least one JWK: add a JWK'],
    [{ jwks: { keys: [] } }, 'jwks: the JWK Set has no signature key: add a JWK with use "sig"'],
    [{ jwks: { keys: [null] } }, `jwks: keys[0]: ${NO_JWK}`],
    [{ jwks: { keys: [7] } }, `jwks: keys[0]: ${NO_JWK}`],
    [{ jwk: null }, `jwk: ${NO_JWK}`],
  ])('not %j', async (location, message) => {
    const [bad] = untyped([location]);
    await expect(createVerificationKeys(bad)).rejects.toEqual(
      new TypeError(`createVerificationKeys: ${message}`),
    );
    await expect(createSigningKey(bad)).rejects.toEqual(new TypeError(`createSigningKey: ${message}`));
  });

  test.each([7, null, []])('not %j', async (location) => {
    const [bad] = untyped([location]);
    await expect(createVerificationKeys(bad)).rejects.toThrow(
      /^createVerificationKeys: the key location must be an object with jwk/,
    );
    await expect(createSigningKey(bad)).rejects.toThrow(TypeError);
  });

  test.each([
    ['', 'the text must be a JWK or a JWK Set in JSON: export the key as a JWK'],
    ['text', 'the text must be a JWK or a JWK Set in JSON: export the key as a JWK'],
    ['[]', 'the text must be a JWK or a JWK Set in JSON: export the key as a JWK'],
    ['null', 'the text must be a JWK or a JWK Set in JSON: export the key as a JWK'],
    ['{"kty":"OKP"', 'the text must be valid JSON, because it starts with {: export the key again'],
    ['{"keys":[]}', 'the JWK Set has no signature key: add a JWK with use "sig"'],
    ['{"keys":[7]}', `keys[0]: ${NO_JWK}`],
  ])('not a file with %j, which is named and not shown', async (text, message) => {
    const path = await file(text);
    await expect(createVerificationKeys({ file: path })).rejects.toEqual(
      new TypeError(`createVerificationKeys: key file ${path}: ${message}`),
    );
  });

  test('not two keys of one name', async () => {
    const keys = [publicJwk, { ...generateSigner().publicJwk }];
    await expect(createVerificationKeys({ jwks: { keys } })).rejects.toEqual(
      new TypeError(
        'createVerificationKeys: two keys have the same kid: remove one, or give one a different kid',
      ),
    );
  });

  test('not several keys to sign by', async () => {
    const keys = [privateJwk, { ...generateSigner().privateJwk, kid: 'second' }];
    await expect(createSigningKey({ jwks: { keys } })).rejects.toEqual(
      new TypeError('createSigningKey: the JWK Set must have exactly one signing key: remove the others'),
    );
  });

  test('the error names the faulty key of a set, without a secret', async () => {
    const keys = [privateJwk, { ...privateJwk, kid: 'second', use: 'enc ' }];
    const error = await createSigningKey({ jwks: { keys } }).catch((failure: unknown) => failure);
    expect(error).toEqual(
      new TypeError(
        'createSigningKey: jwks: keys[1]: use must be "sig": pass a key for this purpose, or remove use from the JWK',
      ),
    );
    expect(inspect(error, { depth: 5 })).not.toContain(String(privateJwk['d']));
  });
});
