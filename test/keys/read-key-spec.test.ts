import { createHmac, createSecretKey, pbkdf2Sync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { deriveKid } from '../../src/keys/derive-content-key.js';
import type { KeyMaterial } from '../../src/keys/parse-jwk.js';
import { readKeySpec } from '../../src/keys/read-key-spec.js';
import { secretOfMaterial } from '../support/symmetric-key.js';
import { NOW, secretOf } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const VARIABLE = 'PASSPORT_JWE_TEST_KEY';
const secret = secretOf(1);
const base64url = secret.toString('base64url');
const hex = secret.toString('hex');
const jwk = { kty: 'oct', kid: 'one', alg: 'A256GCM', k: base64url };
const otherJwk = { kty: 'oct', kid: 'two', key_ops: ['deriveKey'], k: secretOf(2).toString('base64url') };

const TEXTS: [string, string, string[]][] = [
  ['base64url', base64url, [deriveKid(createSecretKey(secret))]],
  ['hexadecimal', hex, [deriveKid(createSecretKey(secret))]],
  ['hexadecimal in capitals', hex.toUpperCase(), [deriveKid(createSecretKey(secret))]],
  ['base64url before a line end', `${base64url}\n`, [deriveKid(createSecretKey(secret))]],
  ['a JWK', JSON.stringify(jwk), ['one']],
  ['a JWK Set', JSON.stringify({ keys: [jwk, otherJwk] }, undefined, 2), ['one', 'two']],
];

const MALFORMED_TEXTS: [string, string, RegExp][] = [
  [
    'the 44-character base64 text of the seed',
    secret.toString('base64'),
    /must be 32 bytes, as 43 base64url characters/,
  ],
  ['base64url cut short', base64url.slice(1), /must be 32 bytes, as 43 base64url characters/],
  ['non-canonical base64url', `${base64url.slice(0, -1)}9`, /must be 32 bytes, as 43 base64url characters/],
  ['hexadecimal cut short', hex.slice(2), /must be 32 bytes, as 43 base64url characters/],
  ['a passphrase', 'correct horse battery staple', /must be 32 bytes, as 43 base64url characters/],
  ['all zeros', '0'.repeat(64), /must be random, but all bytes are equal/],
  [
    'broken JSON',
    JSON.stringify(jwk).slice(0, -1),
    /the text must be valid JSON, because it starts with \{: export/,
  ],
  ['a weak JWK', JSON.stringify({ ...jwk, k: base64url.slice(0, 20) }), /must be 32 bytes/],
  ['an empty JWK Set', '{"keys":[]}', /must have an array "keys" with at least one JWK/],
  [
    'a JWK Set with a fault',
    JSON.stringify({ keys: [jwk, { kty: 'RSA' }] }),
    /keys\[1\]: alg must be one of/,
  ],
  ['a JSON array', JSON.stringify([jwk]), /must be 32 bytes, as 43 base64url characters/],
];

function kidOf(material: KeyMaterial): string {
  return material.kind === 'root' ? material.root.kid : material.key.kid;
}

function bytesOf(material: KeyMaterial | undefined): Buffer | undefined {
  return material === undefined ? undefined : secretOfMaterial(material).export();
}

afterEach(() => {
  delete process.env[VARIABLE];
});

describe('a secret', () => {
  test.each([
    ['a Buffer', secret],
    ['a Uint8Array', Uint8Array.from(secret)],
    ['base64url', base64url],
    ['hexadecimal', hex],
    ['hexadecimal in capitals', hex.toUpperCase()],
  ])('as %s is the root of those bytes', async (_form, value) => {
    const materials = await readKeySpec({ secret: value });
    expect(materials).toMatchObject([{ kind: 'root', root: { kid: 'GQE3-YRLsJ3518Z4Jrmj-Q' } }]);
    expect(bytesOf(materials[0])).toEqual(secret);
  });

  test('is copied: the caller may wipe its own bytes', async () => {
    const bytes = secretOf(1);
    const [material] = await readKeySpec({ secret: bytes });
    bytes.fill(0);
    expect(bytesOf(material)).toEqual(secret);
  });

  test.each([
    [
      '31 bytes',
      secret.subarray(1),
      'the secret must be 32 bytes (256 bits), not 31: generate one, for example with openssl rand -hex 32',
    ],
    [
      '16 bytes',
      secret.subarray(16),
      'the secret must be 32 bytes (256 bits), not 16: generate one, for example with openssl rand -hex 32',
    ],
    [
      'no bytes',
      Buffer.alloc(0),
      'the secret must be 32 bytes (256 bits), not 0: generate one, for example with openssl rand -hex 32',
    ],
    [
      'the bytes of the 44-character base64 text of the seed',
      Buffer.from(secret.toString('base64')),
      'the secret must be 32 bytes (256 bits), not 44: generate one, for example with openssl rand -hex 32',
    ],
  ])('is rejected as %s', async (_form, value, message) => {
    await expect(readKeySpec({ secret: value })).rejects.toEqual(new TypeError(message));
  });

  test.each([0, 1, 255])('is rejected if all bytes are %i', async (byte) => {
    const bytes = Buffer.alloc(32, byte);
    for (const value of [bytes, bytes.toString('hex'), bytes.toString('base64url')]) {
      await expect(readKeySpec({ secret: value })).rejects.toThrow(
        /^the secret must be random, but all bytes are equal/,
      );
    }
  });

  test.each([
    ['padded base64', `${base64url}=`],
    ['non-canonical base64url', `${base64url.slice(0, -1)}9`],
    ['base64url before a line end', `${base64url}\n`],
    ['62 hexadecimal digits', hex.slice(2)],
    ['66 hexadecimal digits', `${hex}ab`],
    ['nothing', ''],
    ['a passphrase', 'correct horse battery staple'],
  ])('is rejected as %s', async (_form, value) => {
    await expect(readKeySpec({ secret: value })).rejects.toThrow(
      /^the secret must be 32 bytes, as 43 base64url characters/,
    );
  });

  test.each([[null], [7]])('is rejected as %j, with a clear message', async (value) => {
    await expect(readKeySpec(untyped({ secret: value }))).rejects.toThrow(
      /^the secret must be 32 bytes, as a Uint8Array/,
    );
    await expect(readKeySpec(untyped({ secret: value }))).rejects.toThrow(/^(?!.*undefined)/);
  });
});

describe('a passphrase', () => {
  const passphrase = 'correct horse battery staple';

  test('is the root that PBKDF2 derives', async () => {
    const materials = await readKeySpec({ passphrase, salt: 'a salt of our own' });
    expect(materials).toMatchObject([{ kind: 'root', root: { kid: 'LuxvLpT7KU1O-QC6Z5Fg1g' } }]);
    expect(bytesOf(materials[0])).toEqual(pbkdf2Sync(passphrase, 'a salt of our own', 600_000, 32, 'sha256'));
  });

  test('of the DSP AI platform is a key that is used underived, for access tokens', async () => {
    const [material] = await readKeySpec({ passphrase, derivation: 'dsp-ai-platform' });
    expect(material).toMatchObject({
      kind: 'key',
      key: { kid: 'EsBGlFH5gymF1zP-3ETr7g', alg: 'dir', enc: 'A256GCM', purpose: 'access', encrypts: true },
    });
    expect(bytesOf(material)).toEqual(oneBlockOfPbkdf2(passphrase, 'dsp-ai-platform-salt', 100_000));
  });

  test('of the DSP AI platform accepts a kid', async () => {
    const materials = await readKeySpec({ passphrase, derivation: 'dsp-ai-platform', kid: 'legacy' });
    expect(materials.map(kidOf)).toEqual(['legacy']);
  });

  test('of the DSP AI platform is rejected with a malformed kid', async () => {
    await expect(readKeySpec({ passphrase, derivation: 'dsp-ai-platform', kid: 'a b' })).rejects.toThrow(
      /^kid must be/,
    );
  });
});

describe('a JWK and a JWK Set', () => {
  test('yield what they hold, in order', async () => {
    expect((await readKeySpec({ jwk })).map(kidOf)).toEqual(['one']);
    expect((await readKeySpec({ jwks: { keys: [jwk, otherJwk] } })).map(kidOf)).toEqual(['one', 'two']);
  });

  test('are rejected if empty', async () => {
    await expect(readKeySpec({ jwks: { keys: [] } })).rejects.toEqual(
      new TypeError('the JWK Set must have an array "keys" with at least one JWK: add a JWK'),
    );
  });

  test('are rejected with the index of the faulty key, if there are several', async () => {
    await expect(readKeySpec({ jwks: { keys: [{ ...jwk, kty: 'RSA' }] } })).rejects.toEqual(
      new TypeError('kty must be "oct" for this alg: pass a symmetric key, or correct alg'),
    );
    await expect(readKeySpec({ jwks: { keys: [jwk, { ...jwk, kty: 'RSA' }] } })).rejects.toEqual(
      new TypeError('keys[1]: kty must be "oct" for this alg: pass a symmetric key, or correct alg'),
    );
  });
});

describe('an environment variable', () => {
  test.each(TEXTS)('holds %s', async (_form, text, kids) => {
    process.env[VARIABLE] = text;
    expect((await readKeySpec({ env: VARIABLE })).map(kidOf)).toEqual(kids);
  });

  test.each(MALFORMED_TEXTS)('is rejected by name if it holds %s', async (_form, text, message) => {
    process.env[VARIABLE] = text;
    const refusal = readKeySpec({ env: VARIABLE });
    await expect(refusal).rejects.toThrow(TypeError);
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toThrow(/^environment variable PASSPORT_JWE_TEST_KEY: /);
  });

  test.each([[undefined], [''], [' \n']])('is rejected if it is blank: %j', async (text) => {
    if (text !== undefined) process.env[VARIABLE] = text;
    await expect(readKeySpec({ env: VARIABLE })).rejects.toEqual(
      new TypeError(`environment variable ${VARIABLE} is not set: set it and restart the process`),
    );
  });
});

describe('a file', () => {
  let folder: string;
  let file: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'passport-jwe-keys-'));
    file = join(folder, 'key');
  });

  afterAll(() => rm(folder, { recursive: true }));

  test.each(TEXTS)('holds %s', async (_form, text, kids) => {
    await writeFile(file, text, { mode: 0o600 });
    expect((await readKeySpec({ file })).map(kidOf)).toEqual(kids);
  });

  test.each(MALFORMED_TEXTS)('is rejected by path if it holds %s', async (_form, text, message) => {
    await writeFile(file, text, { mode: 0o600 });
    const refusal = readKeySpec({ file });
    await expect(refusal).rejects.toThrow(TypeError);
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toThrow(`key file ${file}: `);
  });

  test('is rejected if empty', async () => {
    await writeFile(file, '', { mode: 0o600 });
    await expect(readKeySpec({ file })).rejects.toThrow(TypeError);
  });

  test('that does not exist is rejected with the error of the file system', async () => {
    await expect(readKeySpec({ file: join(folder, 'absent') })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('notAfter', () => {
  test('ends a root and an underived key', async () => {
    expect(await readKeySpec({ secret, notAfter: NOW })).toMatchObject([
      { kind: 'root', root: { notAfter: NOW } },
    ]);
    expect(await readKeySpec({ jwk, notAfter: NOW })).toMatchObject([
      { kind: 'key', key: { notAfter: NOW } },
    ]);
  });

  test.each([
    [NOW + 60, NOW],
    [NOW - 60, NOW - 60],
  ])('of %d leaves of a key that ends by itself the earlier end, %d', async (notAfter, end) => {
    for (const each of [jwk, otherJwk]) {
      const [material] = await readKeySpec({ jwk: { ...each, exp: NOW }, notAfter });
      expect(material?.kind === 'root' ? material.root.notAfter : material?.key.notAfter).toBe(end);
    }
  });

  test('ends every key of a JWK Set', async () => {
    expect(await readKeySpec({ jwks: { keys: [jwk, otherJwk] }, notAfter: NOW })).toMatchObject([
      { key: { notAfter: NOW } },
      { root: { notAfter: NOW } },
    ]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, NOW * 1000])('is rejected as %d', async (notAfter) => {
    await expect(readKeySpec({ secret, notAfter })).rejects.toEqual(
      new TypeError(
        'notAfter must be a NumericDate in seconds since 1970, not milliseconds, for example 1798761600',
      ),
    );
  });

  test.each([['2030-01-01'], [null]])('is rejected as %j', async (notAfter) => {
    await expect(readKeySpec(untyped({ secret: base64url, notAfter }))).rejects.toThrow(TypeError);
  });
});

test.each([undefined, null, 'KEY', []])('rejects %j: not a specification', async (spec) => {
  const [bad] = untyped([spec]);
  await expect(readKeySpec(bad)).rejects.toThrow(/^the key location must be an object with passphrase/);
});

test('rejects a specification without a source', async () => {
  await expect(readKeySpec(untyped({}))).rejects.toEqual(
    new TypeError(
      'the key location must be an object with passphrase, secret, jwk, jwks, env or file, for example { env: "JWE_KEY" }',
    ),
  );
});

/** PBKDF2 by its definition (RFC 8018 section 5.2): 32 bytes of SHA-256 are its first block. */
function oneBlockOfPbkdf2(password: string, salt: string, iterations: number): Buffer {
  let link = createHmac('sha256', password)
    .update(salt)
    .update(Buffer.from([0, 0, 0, 1]))
    .digest();
  const block = Buffer.from(link);
  for (let iteration = 1; iteration < iterations; iteration += 1) {
    link = createHmac('sha256', password).update(link).digest();
    for (const [index, byte] of link.entries()) block[index] = (block[index] ?? 0) ^ byte;
  }
  return block;
}
