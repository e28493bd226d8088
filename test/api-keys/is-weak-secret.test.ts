import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { generateApiKey } from '../../src/api-keys/generate-api-key.js';
import { isWeakSecret } from '../../src/api-keys/is-weak-secret.js';

describe('a key is easy to guess', () => {
  test.each(['sk-enterprise-001', 'k-1', 'x'.repeat(19), 'A1b2C3d4E5f6G7h8I9j'])(
    'if it has fewer than 20 characters: %s',
    (secret) => {
      expect(isWeakSecret(secret)).toBe(true);
    },
  );

  test.each(['a'.repeat(64), 'abababababababababababababab', '00000000000000000000000000000000001'])(
    'if it repeats a few characters: %s',
    (secret) => {
      expect(isWeakSecret(secret)).toBe(true);
    },
  );

  test('but no random key', () => {
    const secrets = Array.from({ length: 200 }, () => [
      generateApiKey(),
      randomUUID(),
      randomBytes(16).toString('hex'),
      randomBytes(16).toString('base64url'),
    ]).flat();

    expect(secrets.filter(isWeakSecret)).toEqual([]);
  });

  test('but not a digest, which cannot be judged', () => {
    expect(isWeakSecret(`sha256:${'0'.repeat(64)}`)).toBe(false);
  });
});
