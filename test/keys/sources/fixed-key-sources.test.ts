import { createSecretKey, pbkdf2Sync } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createKeyRing } from '../../../src/keys/create-key-ring.js';
import { deriveKid } from '../../../src/keys/derive-content-key.js';
import { environmentKeySource } from '../../../src/keys/sources/environment-key-source.js';
import { passphraseKeySource } from '../../../src/keys/sources/passphrase-key-source.js';
import { keySet } from '../../support/key-sets.js';
import { secretOf } from '../../support/tokens.js';
import { untyped } from '../../support/untyped.js';

const VARIABLE = 'PASSPORT_JWE_TEST_RING';
const PASSPHRASE = { passphrase: 'correct horse battery staple', salt: 'a salt of our own' };

afterEach(() => {
  delete process.env[VARIABLE];
});

describe('an environment variable', () => {
  test('that holds a JWK Set yields it, and is read-only', async () => {
    process.env[VARIABLE] = JSON.stringify(keySet(1, 2));
    const source = environmentKeySource({ variable: VARIABLE });

    expect(await source.load()).toEqual(keySet(1, 2));
    expect([source.name, source.watch, source.replace]).toEqual([
      `environment variable ${VARIABLE}`,
      undefined,
      undefined,
    ]);
  });

  test('that holds a root secret yields a set of one root', async () => {
    process.env[VARIABLE] = secretOf(1).toString('base64url');
    const kid = deriveKid(createSecretKey(secretOf(1)));

    expect((await environmentKeySource({ variable: VARIABLE }).load()).keys).toMatchObject([{ kid }]);
  });

  test('that is not set is an error', async () => {
    await expect(environmentKeySource({ variable: VARIABLE }).load()).rejects.toThrow(
      `environment variable ${VARIABLE} is not set: set it and restart the process`,
    );
  });

  test.each([[secretOf(1).toString('hex')], ['A'.repeat(41)], ['A B'], [''], [7], [['A']]])(
    'is not named %j, and that is not shown',
    (variable) => {
      expect(() => environmentKeySource(untyped({ variable }))).toThrow(
        'the name of the environment variable must be 1 to 40 letters, digits or underscores, for example "JWE_KEY"',
      );
    },
  );
});

test('an environment variable with a misspelt option is rejected', () => {
  expect(() => environmentKeySource(untyped({ env: VARIABLE }))).toThrow(
    new TypeError('environmentKeySource: unknown option env; expected one of: variable'),
  );
});

describe('a passphrase', () => {
  test('is the one root that PBKDF2 yields, under the kid that it has in a ring', async () => {
    const bytes = pbkdf2Sync(PASSPHRASE.passphrase, PASSPHRASE.salt, 600_000, 32, 'sha256');
    const { current } = await createKeyRing({ current: PASSPHRASE });

    expect(await passphraseKeySource(PASSPHRASE).load()).toEqual({
      keys: [{ kty: 'oct', kid: current, key_ops: ['deriveKey'], k: bytes.toString('base64url') }],
    });
  });

  test('is derived once', async () => {
    const source = passphraseKeySource(PASSPHRASE);

    expect(await source.load()).toBe(await source.load());
    expect(source.name).toBe('passphrase');
  });

  test('that is too short is rejected when it is loaded', async () => {
    await expect(passphraseKeySource({ ...PASSPHRASE, passphrase: 'short' }).load()).rejects.toThrow(
      'passphrase must be a string of at least 16 characters: choose a longer one',
    );
  });

  test('takes no derivation of others', () => {
    const options = { passphrase: PASSPHRASE.passphrase, derivation: 'dsp-ai-platform' };

    expect(() => passphraseKeySource(untyped(options))).toThrow(
      new TypeError(
        'passphraseKeySource: unknown option derivation; expected one of: passphrase, salt, iterations',
      ),
    );
  });
});
