import { hkdfSync, pbkdf2Sync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createKeyRing, type KeyRingOptions } from '../../src/keys/create-key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { rejectionOf } from '../support/caught.js';
import { direct } from '../support/symmetric-key.js';
import { AUDIENCE, createRing, mintToken, NOW, secretOf } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';
import { verdictOn } from '../support/verdicts.js';

const passphrase = 'correct horse battery staple';
const salt = 'a salt of our own';
const k = secretOf(1).toString('base64url');
const jwk = { kty: 'oct', kid: 'one', alg: 'A256GCM', k };

describe('createKeyRing', () => {
  test('derives from a passphrase what PBKDF2 and HKDF of Node give', async () => {
    const ring = await createKeyRing({ current: { passphrase, salt } });
    const root = pbkdf2Sync(passphrase, salt, 600_000, 32, 'sha256');
    const info = JSON.stringify(['passport-jwe/v1', 'key', 'production', 'access', AUDIENCE, 'A256GCM']);
    expect(direct(internalsOf(ring).encryptionKey('access', AUDIENCE)).secret.export()).toEqual(
      Buffer.from(hkdfSync('sha256', root, '', info, 32)),
    );
  });

  test('derives unrelated keys from one passphrase and salt in two environments', async () => {
    const production = await createKeyRing({ current: { passphrase, salt } });
    const staging = await createKeyRing({ current: { passphrase, salt }, environment: 'staging' });
    internalsOf(staging).prepare('access', AUDIENCE);
    const key = direct(internalsOf(production).encryptionKey('access', AUDIENCE));
    const otherKey = direct(internalsOf(staging).encryptionKey('access', AUDIENCE));
    expect(otherKey.kid).not.toBe(key.kid);
    expect(otherKey.secret.equals(key.secret)).toBe(false);
    expect(await verdictOn(mintToken(production), staging)).toBe('wrong_environment');
  });

  test('uses the key of the DSP AI platform derivation as is', async () => {
    const ring = await createKeyRing({ current: { passphrase, derivation: 'dsp-ai-platform' } });
    expect(direct(internalsOf(ring).encryptionKey('access', AUDIENCE)).secret.export()).toEqual(
      pbkdf2Sync(passphrase, 'dsp-ai-platform-salt', 100_000, 32, 'sha256'),
    );
    expect(() => internalsOf(ring).encryptionKey('refresh', AUDIENCE)).toThrow(TypeError);
  });

  test('defaults to production and A256GCM', async () => {
    const ring = await createRing();
    expect(ring.environment).toBe('production');
    expect(ring.previous).toEqual([]);
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE).enc).toBe('A256GCM');
  });

  test.each(['A128GCM', 'A192GCM', 'A256GCM'] as const)('derives keys for %s', async (enc) => {
    const ring = await createKeyRing({ current: { secret: secretOf(1) }, enc });
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE).enc).toBe(enc);
  });

  test('uses the first key of a JWK Set as the current one', async () => {
    const keys = [
      { ...jwk, kid: 'b' },
      { ...jwk, kid: 'a' },
      { ...jwk, kid: 'c' },
    ];
    const ring = await createKeyRing({ current: { jwks: { keys } }, previous: [{ secret: secretOf(2) }] });
    expect(ring.current).toBe('b');
    expect(ring.previous).toEqual(['a', 'c', (await createRing(2)).current]);
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE).kid).toBe('b');
    expect(internalsOf(ring).decryptionKey('c')).toMatchObject({ kid: 'c' });
  });

  test('cannot be changed', async () => {
    const ring = await createRing();
    expect(Object.isFrozen(ring)).toBe(true);
    expect(Object.isFrozen(ring.previous)).toBe(true);
  });

  test.each<[string, KeyRingOptions]>([
    ['notAfter', { current: { jwk }, previous: [{ jwk: { ...jwk, kid: 'two' }, notAfter: NOW }] }],
    ['the DSP AI platform', { current: { passphrase, derivation: 'dsp-ai-platform', kid: 'two' } }],
  ])('returns frozen keys: %s', async (_name, options) => {
    expect(Object.isFrozen(internalsOf(await createKeyRing(options)).decryptionKey('two'))).toBe(true);
  });

  test('records its creation with the key IDs', async () => {
    const { audit, records } = createAuditRecorder();
    const ring = await createKeyRing({
      current: { secret: secretOf(1) },
      previous: [{ jwk }],
      audit,
    });
    expect(records).toEqual([
      { type: 'key_ring.created', current: ring.current, previous: ['one'], time: expect.any(String) },
    ]);
  });
});

describe('createKeyRing rejects', () => {
  test.each<[string, KeyRingOptions]>([
    ['in one JWK Set', { current: { jwks: { keys: [jwk, jwk] } } }],
    ['in current and previous', { current: { jwk }, previous: [{ jwk }] }],
    ['of one secret twice', { current: { secret: k }, previous: [{ secret: secretOf(1) }] }],
    ['of a root and a key', { current: { jwk }, previous: [{ jwk: rootNamed('one') }] }],
  ])('two keys of one kid: %s', async (_where, options) => {
    await expect(createKeyRing(options)).rejects.toThrow(/^createKeyRing: two keys have the kid /);
  });

  test('notAfter on the current key', async () => {
    await expect(createKeyRing({ current: { secret: k, notAfter: NOW } })).rejects.toEqual(
      new TypeError(
        'createKeyRing: current: notAfter must not be set, because only previous keys may expire: remove it',
      ),
    );
  });

  test.each<[string, KeyRingOptions]>([
    ['a JWK', { current: { jwk: { ...jwk, exp: NOW } } }],
    ['a root', { current: { jwk: { ...rootNamed('one'), exp: NOW } } }],
    ['the first of a JWK Set', { current: { jwks: { keys: [{ ...jwk, exp: NOW }] } } }],
  ])('exp on the current key of %s', async (_form, options) => {
    await expect(createKeyRing(options)).rejects.toThrow(TypeError);
  });

  test('a missing current key', async () => {
    await expect(createKeyRing(untyped({}))).rejects.toEqual(
      new TypeError(
        'createKeyRing: current is required: pass the key that encrypts, for example { env: "JWE_KEY" }',
      ),
    );
  });

  test.each([[null], [{}], ['key']])('previous keys that are %j: not an array', async (previous) => {
    await expect(createKeyRing(untyped({ current: { secret: k }, previous }))).rejects.toEqual(
      new TypeError(
        'createKeyRing: previous must be an array of keys, for example [{ env: "JWE_KEY_PREVIOUS" }]',
      ),
    );
  });

  test('an unknown option', async () => {
    await expect(createKeyRing(untyped({ current: { secret: k }, keys: [] }))).rejects.toEqual(
      new TypeError(
        'createKeyRing: unknown option keys; expected one of: current, previous, recipients, environment, enc, usage, audit',
      ),
    );
  });

  test.each([[''], [null], [7]])('the environment %j', async (environment) => {
    await expect(createKeyRing(untyped({ current: { secret: k }, environment }))).rejects.toEqual(
      new TypeError('createKeyRing: environment must be a non-empty string, for example "production"'),
    );
  });

  test.each([['A128CBC-HS256'], ['a256gcm'], ['dir'], ['none'], ['toString'], [''], [null]])(
    'the content encryption %j',
    async (enc) => {
      await expect(createKeyRing(untyped({ current: { secret: k }, enc }))).rejects.toEqual(
        new TypeError(
          'createKeyRing: enc must be "A256GCM", "A192GCM" or "A128GCM": omit it to use "A256GCM"',
        ),
      );
    },
  );

  test('a fault in a previous key', async () => {
    await expect(
      createKeyRing({ current: { secret: k }, previous: [{ secret: Buffer.alloc(32) }] }),
    ).rejects.toThrow(/^createKeyRing: previous\[0\]: the secret must be random, but all bytes are equal/);
  });
});

describe('no error message of createKeyRing contains the secret', () => {
  const half = secretOf(1).subarray(0, 16);

  test.each<[string, string, object]>([
    ['short bytes', half.toString('hex'), { secret: half }],
    ['short text', k.slice(0, 30), { secret: k.slice(0, 30) }],
    ['padded text', k, { secret: `${k}=` }],
    ['short hexadecimal', half.toString('hex'), { secret: half.toString('hex') }],
    ['equal bytes', '07'.repeat(32), { secret: '07'.repeat(32) }],
    ['a JWK with a padded k', k, { jwk: { ...jwk, k: `${k}=` } }],
    ['a JWK with a short k', k.slice(0, 20), { jwk: { ...jwk, k: k.slice(0, 20) } }],
    ['a JWK of a wrong alg', k, { jwk: { ...jwk, alg: 'HS256' } }],
    ['a JWK of a wrong length for its alg', k, { jwk: { ...jwk, alg: 'A128GCM' } }],
    ['a JWK without kid', k, { jwk: { ...jwk, kid: undefined } }],
    ['a JWK of a wrong use', k, { jwk: { ...jwk, use: 'sig' } }],
    ['a JWK given as text', k, { jwk: JSON.stringify(jwk) }],
    ['a JWK Set given as text', k, { jwks: JSON.stringify({ keys: [jwk] }) }],
    ['a JWK Set with a fault', k, { jwks: { keys: [{ ...jwk, kty: 'RSA' }] } }],
    ['a short passphrase', 'fifteen letters', { passphrase: 'fifteen letters', salt }],
    ['a passphrase without salt', passphrase, { passphrase }],
    ['a passphrase with a short salt', passphrase, { passphrase, salt: 'short' }],
    ['a passphrase with few iterations', passphrase, { passphrase, salt, iterations: 1000 }],
    ['a passphrase in an array', passphrase, { passphrase: [passphrase], salt }],
    ['a variable with a passphrase', passphrase, { env: 'PASSPORT_JWE_TEST_PASSPHRASE' }],
    ['a variable with broken JSON', k.slice(0, 4), { env: 'PASSPORT_JWE_TEST_BROKEN_JWK' }],
  ])('%s', async (_fault, secret, current) => {
    process.env['PASSPORT_JWE_TEST_PASSPHRASE'] = passphrase;
    process.env['PASSPORT_JWE_TEST_BROKEN_JWK'] = `{"k":${k}}`;
    const error = await rejectionOf(createKeyRing({ current: Object.assign(untyped({}), current) }));
    expect(error).toBeInstanceOf(TypeError);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret);
  });

  test('two keys of one kid', async () => {
    const error = await rejectionOf(createKeyRing({ current: { jwk }, previous: [{ jwk }] }));
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(k);
  });

  test('nor does the ring when it is logged', async () => {
    const ring = await createKeyRing({ current: { jwk }, previous: [{ secret: secretOf(2) }] });
    const logged = inspect([ring, internalsOf(ring).encryptionKey('access', AUDIENCE)], { depth: 10 });
    expect(logged + JSON.stringify([ring, internalsOf(ring).decryptionKey('one')])).not.toContain(k);
  });
});

function rootNamed(kid: string) {
  return { kty: 'oct', kid, key_ops: ['deriveKey'], k: secretOf(2).toString('base64url') };
}
