import { pbkdf2Sync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { deriveFromPassphrase } from '../../src/keys/derive-from-passphrase.js';
import { untyped } from '../support/untyped.js';

const passphrase = 'correct horse battery staple';
const salt = 'a salt of our own';

describe('deriveFromPassphrase', () => {
  test('is PBKDF2-HMAC-SHA-256 with 600 000 iterations, as Python computes it too', async () => {
    const bytes = await deriveFromPassphrase({ passphrase, salt });
    expect(bytes.toString('hex')).toBe('0b6bff5632f689efd219ea218bb982b28761c8fc842c22a6a78168a7fa78a023');
  });

  test('accepts a salt of bytes and more iterations', async () => {
    const bytes = await deriveFromPassphrase({
      passphrase,
      salt: Uint8Array.from(Buffer.from(salt)),
      iterations: 600_001,
    });
    expect(bytes).toEqual(pbkdf2Sync(passphrase, salt, 600_001, 32, 'sha256'));
  });

  test('has an option for the parameters of the DSP AI platform', async () => {
    const bytes = await deriveFromPassphrase({ passphrase, derivation: 'dsp-ai-platform' });
    expect(bytes).toEqual(pbkdf2Sync(passphrase, 'dsp-ai-platform-salt', 100_000, 32, 'sha256'));
  });

  test.each([['fifteen letters'], [''], ['🔑🔑🔑🔑🔑🔑🔑🔑']])(
    'rejects the passphrase %j: under 16 characters',
    async (short) => {
      const refusal = new TypeError(
        'passphrase must be a string of at least 16 characters: choose a longer one',
      );
      await expect(deriveFromPassphrase({ passphrase: short, salt })).rejects.toEqual(refusal);
      await expect(
        deriveFromPassphrase({ passphrase: short, derivation: 'dsp-ai-platform' }),
      ).rejects.toEqual(refusal);
    },
  );

  test('accepts a passphrase of 16 characters and a salt of 16 bytes', async () => {
    const least = { passphrase: 'sixteen letters!', salt: 'sixteen letters.' };
    await expect(deriveFromPassphrase(least)).resolves.toHaveLength(32);
  });

  test.each([[null], [16], [Array.from(passphrase)]])(
    'rejects the passphrase %j: not a string',
    async (wrong) => {
      await expect(deriveFromPassphrase(untyped({ passphrase: wrong, salt }))).rejects.toThrow(TypeError);
    },
  );

  test.each([['fifteen letters'], [''], [Buffer.alloc(15)]])(
    'rejects the salt %j: under 16 bytes',
    async (short) => {
      await expect(deriveFromPassphrase({ passphrase, salt: short })).rejects.toEqual(
        new TypeError('salt is required: pass at least 16 bytes, the same on every instance'),
      );
    },
  );

  test('rejects a missing salt', async () => {
    await expect(deriveFromPassphrase(untyped({ passphrase }))).rejects.toEqual(
      new TypeError('salt is required: pass at least 16 bytes, the same on every instance'),
    );
  });

  test.each([0, 1, -600_000, 100_000, 599_999, 600_000.5, 10_000_001, Number.NaN, Number.POSITIVE_INFINITY])(
    'rejects %d iterations',
    async (iterations) => {
      await expect(deriveFromPassphrase({ passphrase, salt, iterations })).rejects.toEqual(
        new TypeError('iterations must be an integer from 600000 to 10000000: omit it to use 600000'),
      );
    },
  );

  test.each([[null], ['none'], ['']])('rejects any other derivation: %j', async (derivation) => {
    await expect(deriveFromPassphrase(untyped({ passphrase, salt, derivation }))).rejects.toEqual(
      new TypeError('derivation must be "dsp-ai-platform": omit it to use salt and iterations'),
    );
  });
});
