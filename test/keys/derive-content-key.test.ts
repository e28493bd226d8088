import { createSecretKey, hkdfSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { deriveContentKey, deriveKid, type KeyContext } from '../../src/keys/derive-content-key.js';
import { AUDIENCE, NOW, secretOf } from '../support/tokens.js';

const root = { kid: 'root', secret: createSecretKey(secretOf(1)) };
const context: KeyContext = {
  environment: 'production',
  purpose: 'access',
  audience: AUDIENCE,
  enc: 'A256GCM',
};

const OTHER_CONTEXTS: [string, KeyContext][] = [
  ['environment', { ...context, environment: 'staging' }],
  ['purpose', { ...context, purpose: 'refresh' }],
  ['audience', { ...context, audience: 'https://other.example.com' }],
  ['content encryption', { ...context, enc: 'A128GCM' }],
];

function hkdf(labels: readonly string[], length: number): Buffer {
  const info = JSON.stringify(['passport-jwe/v1', ...labels]);
  return Buffer.from(hkdfSync('sha256', secretOf(1), '', info, length));
}

describe('deriveContentKey', () => {
  test.each([
    ['A128GCM', 16],
    ['A192GCM', 24],
    ['A256GCM', 32],
  ] as const)('is HKDF-SHA-256 over the labels, for %s %i bytes', (enc, length) => {
    const labels = ['production', 'access', AUDIENCE, enc];
    const key = deriveContentKey(root, { ...context, enc });
    expect(key.secret.export()).toEqual(hkdf(['key', ...labels], length));
    expect(key.kid).toBe(hkdf(['kid', ...labels], 16).toString('base64url'));
  });

  test('never changes, or no token would survive an upgrade (values by Python)', () => {
    const key = deriveContentKey(root, context);
    expect(key.kid).toBe('DqNz5Grfmxox6cTmThOPAw');
    expect(key.secret.export().toString('hex')).toBe(
      '6923224e76bfdb8e63c5efac78ae723247905b551c0b397fa8119134e35fe661',
    );
  });

  test.each(OTHER_CONTEXTS)('derives another kid and another key for another %s', (_name, other) => {
    const key = deriveContentKey(root, context);
    const otherKey = deriveContentKey(root, other);
    expect(otherKey.kid).not.toBe(key.kid);
    expect(otherKey.secret.export().subarray(0, 16)).not.toEqual(key.secret.export().subarray(0, 16));
  });

  test('derives another kid and another key for another root', () => {
    const key = deriveContentKey(root, context);
    const otherKey = deriveContentKey({ kid: 'root', secret: createSecretKey(secretOf(2)) }, context);
    expect(otherKey.kid).not.toBe(key.kid);
    expect(otherKey.secret.equals(key.secret)).toBe(false);
  });

  test.each([
    ['production', 'access","refresh'],
    ['production","access', 'refresh'],
    ['a\nb', 'c'],
    ['a', 'b\nc'],
  ])('encodes labels unambiguously: %j, %j', (environment, audience) => {
    const kids = new Set(
      [
        { ...context, environment, audience },
        { ...context, environment: audience, audience: environment },
        { ...context, environment: `${environment}${audience}`, audience: '' },
        { ...context, environment: '', audience: `${environment}${audience}` },
      ].map((labels) => deriveContentKey(root, labels).kid),
    );
    expect(kids.size).toBe(4);
  });

  test('gives an opaque kid: 16 bytes that name neither audience nor environment nor root', () => {
    const { kid } = deriveContentKey(root, context);
    expect(kid).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(Buffer.from(kid, 'base64url')).toHaveLength(16);
    expect(secretOf(1).includes(Buffer.from(kid, 'base64url'))).toBe(false);
  });

  test('is a key of the root, for direct encryption, that cannot be changed', () => {
    const key = deriveContentKey({ ...root, notAfter: NOW }, context);
    expect(key).toMatchObject({
      alg: 'dir',
      enc: 'A256GCM',
      purpose: 'access',
      audience: AUDIENCE,
      notAfter: NOW,
      encrypts: true,
    });
    expect(Object.isFrozen(key)).toBe(true);
  });

  test('begins and ends with the root', () => {
    const period = { notBefore: NOW - 10, notAfter: NOW };
    expect(deriveContentKey({ ...root, ...period }, context)).toMatchObject(period);
  });

  test('has no start and no expiry if the root has none', () => {
    const key = deriveContentKey(root, context);
    expect(['notBefore', 'notAfter'].filter((name) => Object.hasOwn(key, name))).toEqual([]);
  });
});

describe('deriveKid', () => {
  test('derives the same kid from the same secret', () => {
    expect(deriveKid(createSecretKey(secretOf(1)))).toBe('GQE3-YRLsJ3518Z4Jrmj-Q');
  });

  test('names another secret otherwise', () => {
    expect(deriveKid(createSecretKey(secretOf(2)))).not.toBe(deriveKid(root.secret));
  });
});
