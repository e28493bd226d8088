import { createPublicKey } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createDecryptionKeys, type DecryptionKeyLocation } from 'passport-jwe';
import { decryptionKeysOf, keepDecryptionKeys } from '../../src/keys/decryption-keys-internals.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { jwkThumbprint } from '../../src/keys/jwk-thumbprint.js';
import { parseDecryptionJwk } from '../../src/keys/parse-decryption-jwk.js';
import { rejectionOf, thrownBy } from '../support/caught.js';
import { generateEc, generateOkp, generateRsa, generateShared } from '../support/key-pairs.js';
import { ED25519_PEM, ENCRYPTED_PEM_KEYS, PASSPHRASE, PEM_KEYS } from '../support/pem-keys.js';
import { NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const VARIABLE = 'PASSPORT_JWE_TEST_DECRYPTION';
const current = generateRsa({ kid: 'current' });
const previous = generateOkp('x25519', { kid: 'previous' });
const shared = generateShared('A256GCM');
const { privateKey: encrypted, publicKey: encryptedPublic } = ENCRYPTED_PEM_KEYS['PKCS#8'];

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-decryption-'));
});
afterAll(() => rm(directory, { recursive: true }));
afterEach(() => {
  delete process.env[VARIABLE];
});

async function fileWith(text: string, mode = 0o600): Promise<string> {
  const path = join(directory, `${Math.random()}`);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

async function keysOf(location: DecryptionKeyLocation | readonly DecryptionKeyLocation[]) {
  return decryptionKeysOf(await createDecryptionKeys(location), 'test').keys;
}

async function kidsOf(location: DecryptionKeyLocation | readonly DecryptionKeyLocation[]) {
  return (await keysOf(location)).map(({ kid }) => kid);
}

async function messageOf(location: DecryptionKeyLocation | readonly DecryptionKeyLocation[]) {
  const error = await rejectionOf(createDecryptionKeys(location));
  expect(error).toBeInstanceOf(TypeError);
  return error instanceof Error ? error.message : '';
}

function thumbprintOf(publicPem: string): string {
  const jwk: Jwk = { ...createPublicKey(publicPem).export({ format: 'jwk' }) };
  return jwkThumbprint(jwk);
}

describe('a location', () => {
  const set = { keys: [current.privateJwk, previous.privateJwk, shared] };

  test('is a JWK', async () => {
    expect(await kidsOf({ jwk: current.privateJwk })).toEqual(['current']);
  });

  test('is a JWK Set, whose first key is current', async () => {
    expect(await kidsOf({ jwks: set })).toEqual(['current', 'previous', 'shared']);
  });

  test('is a file with a JWK, a JWK Set or PEM', async () => {
    const pem = PEM_KEYS['PKCS#8, EC'];

    expect(await kidsOf({ file: await fileWith(JSON.stringify(current.privateJwk)) })).toEqual(['current']);
    expect(await kidsOf({ file: await fileWith(`\n${JSON.stringify(set)}\n`) })).toHaveLength(3);
    expect(await kidsOf({ file: await fileWith(pem.privateKey) })).toEqual([thumbprintOf(pem.publicKey)]);
    expect(await kidsOf({ file: await fileWith(encrypted), passphrase: PASSPHRASE })).toHaveLength(1);
  });

  test('is an environment variable with a JWK, a JWK Set or PEM', async () => {
    process.env[VARIABLE] = JSON.stringify(current.privateJwk);
    expect(await kidsOf({ env: VARIABLE })).toEqual(['current']);
    process.env[VARIABLE] = JSON.stringify(set);
    expect(await kidsOf({ env: VARIABLE })).toHaveLength(3);
    process.env[VARIABLE] = encrypted.replaceAll('\n', '\\n');
    expect(await kidsOf({ env: VARIABLE, passphrase: PASSPHRASE })).toEqual([thumbprintOf(encryptedPublic)]);
  });

  test.each(Object.entries(PEM_KEYS))('is PEM: %s', async (_form, { privateKey, publicKey }) => {
    expect(await kidsOf({ pem: privateKey })).toEqual([thumbprintOf(publicKey)]);
  });

  test.each(Object.entries(ENCRYPTED_PEM_KEYS))(
    'is encrypted PEM: %s',
    async (_form, { privateKey, publicKey }) => {
      const location = { pem: privateKey, passphrase: PASSPHRASE };

      expect(await kidsOf(location)).toEqual([thumbprintOf(publicKey)]);
    },
  );

  test('names and limits a PEM key with kid, alg, enc and notAfter', async () => {
    const members = { kid: 'pem', alg: 'RSA-OAEP-256', enc: 'A256GCM', notAfter: NOW } as const;

    expect(await keysOf({ pem: PEM_KEYS['PKCS#1'].privateKey, ...members })).toMatchObject([members]);
  });

  test('is rejected if other users can read the file', async () => {
    const file = await fileWith(JSON.stringify(current.privateJwk), 0o644);

    await expect(createDecryptionKeys({ file })).rejects.toThrow(`chmod 600 ${file}`);
  });
});

describe('PEM text', () => {
  test('with the wrong passphrase is rejected, and the message contains no secret', async () => {
    const error = await rejectionOf(
      createDecryptionKeys({ pem: encrypted, passphrase: 'not the passphrase' }),
    );

    expect(error).toEqual(
      new TypeError(
        'createDecryptionKeys: pem: the private key cannot be decrypted: check passphrase, and that the PEM text is complete',
      ),
    );
    expect(inspect(error, { depth: 5 })).not.toMatch(/not the passphrase|MII/);
  });

  test('must be encrypted if there is a passphrase, and only then', async () => {
    const { privateKey } = PEM_KEYS['PKCS#8, RSA'];
    const text = JSON.stringify(current.privateJwk);

    expect(await messageOf({ pem: encrypted })).toMatch(/pem: the private key is encrypted: set passphrase$/);
    expect(await messageOf({ pem: privateKey, passphrase: PASSPHRASE })).toMatch(
      /pem: passphrase must not be set/,
    );
    expect(await messageOf({ file: await fileWith(text), passphrase: PASSPHRASE })).toMatch(
      /passphrase must not be set/,
    );
  });

  test('contains exactly one private key', async () => {
    const { privateKey, publicKey } = PEM_KEYS['PKCS#8, RSA'];

    expect(await messageOf({ pem: publicKey })).toMatch(/must contain exactly one private key, not 0/);
    expect(await messageOf({ pem: `${privateKey}${privateKey}` })).toMatch(/exactly one private key, not 2/);
    expect(await kidsOf({ pem: `${publicKey}${privateKey}` })).toEqual([thumbprintOf(publicKey)]);
  });

  test('that is damaged is rejected', async () => {
    const { privateKey } = PEM_KEYS['PKCS#8, RSA'];

    expect(await messageOf({ pem: privateKey.replace(/[A-Za-z0-9+/]{64}\n/, '') })).toMatch(
      /the private key cannot be read: export it again as PKCS#8$/,
    );
  });

  test('with a weak key, or a key that cannot decrypt, is rejected', async () => {
    expect(await messageOf({ pem: ED25519_PEM.privateKey })).toMatch(/the key must be on the curve/);
  });
});

describe('text of another form', () => {
  test.each([
    ['hello', 'the text must be a JWK, a JWK Set or a PEM private key: export the key again'],
    ['', 'the text must be a JWK, a JWK Set or a PEM private key: export the key again'],
    ['{"kty"', 'the text must be valid JSON, because it starts with {: export the key again'],
  ])('%j is rejected with the name of the file', async (text, message) => {
    const file = await fileWith(text);

    expect(await messageOf({ file })).toBe(`createDecryptionKeys: key file ${file}: ${message}`);
  });
});

describe('an array of locations', () => {
  test('lists the current key first, and the previous keys after it', async () => {
    expect(await kidsOf([{ jwk: current.privateJwk }, { jwk: previous.privateJwk, notAfter: NOW }])).toEqual([
      'current',
      'previous',
    ]);
  });

  test('must not be empty, and an error names the faulty location', async () => {
    expect(await messageOf([])).toMatch(/the array must have at least one key location/);
    expect(await messageOf([{ jwk: current.privateJwk }, { jwk: previous.publicJwk }])).toMatch(
      /^createDecryptionKeys: \[1\]: jwk: a decryption key must be a private JWK/,
    );
  });

  test('must not repeat a kid', async () => {
    const jwk = { ...generateEc('P-256').privateJwk, kid: 'current' };

    expect(await messageOf([{ jwk: current.privateJwk }, { jwk }])).toBe(
      'createDecryptionKeys: two keys have the same kid: remove one, or give one a different kid',
    );
    expect(await messageOf({ jwks: { keys: [current.privateJwk, jwk] } })).toMatch(
      /two keys have the same kid/,
    );
  });
});

describe('exportPublicKeys', () => {
  test('returns the public halves, with alg and enc if they are pinned', async () => {
    const keys = await createDecryptionKeys([
      { jwk: current.privateJwk, alg: 'RSA-OAEP-256', enc: 'A256GCM' },
      { jwk: previous.privateJwk },
      { jwk: shared },
    ]);

    expect(keys.exportPublicKeys()).toStrictEqual({
      keys: [
        { ...current.publicJwk, use: 'enc', alg: 'RSA-OAEP-256', enc: 'A256GCM' },
        { ...previous.publicJwk, use: 'enc' },
      ],
    });
  });

  test('omits expired keys', () => {
    let now = NOW;
    const jwks = [current.privateJwk, { ...previous.privateJwk, exp: NOW + 10 }];
    const keys = keepDecryptionKeys(
      jwks.map((jwk) => parseDecryptionJwk(jwk)),
      () => now,
    );
    expect(keys.exportPublicKeys().keys).toMatchObject([
      { kid: 'current' },
      { kid: 'previous', exp: NOW + 10 },
    ]);

    now = NOW + 10;
    expect(keys.exportPublicKeys().keys).toMatchObject([{ kid: 'current' }]);
  });
});

describe('the internals', () => {
  test('keep one array, and have nothing to reload', async () => {
    const keys = await createDecryptionKeys({ jwk: current.privateJwk });
    const internals = decryptionKeysOf(keys, 'test');

    expect(internals.keys).toBe(internals.keys);
    expect(await internals.reloadForUnknownKey()).toBe(false);
    await keys.close();
  });

  test('show no key on the public object', async () => {
    const keys = await createDecryptionKeys({ jwk: current.privateJwk });

    expect(Object.keys(keys)).toEqual(['exportPublicKeys', 'close']);
    expect(Object.isFrozen(keys)).toBe(true);
  });

  test('exist only for keys of createDecryptionKeys() and keepDecryptionKeys()', () => {
    expect(thrownBy(() => decryptionKeysOf(untyped({}), 'trustedIssuer: decryption'))).toEqual(
      new TypeError('trustedIssuer: decryption must be DecryptionKeys: pass await createDecryptionKeys(...)'),
    );
    const key = parseDecryptionJwk(shared);
    expect(decryptionKeysOf(keepDecryptionKeys([key]), 'test').keys).toEqual([key]);
    expect(() => keepDecryptionKeys([key, key])).toThrow(/^two keys have the same kid/);
  });
});
