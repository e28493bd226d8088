import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createKeyRing, generateKeySet, openKeyRing } from 'passport-jwe';
import { internalsOf } from '../../../src/keys/key-ring-internals.js';
import { createDpopNonces } from '../../../src/verify/dpop/dpop-nonces.js';
import { resolveDpop } from '../../../src/verify/dpop/resolve-dpop.js';
import { memoryKeySource } from '../../support/memory-key-source.js';
import { AUDIENCE, clock, createRing, NOW, secretOf } from '../../support/tokens.js';

const keyOf = (seed: number) => createSecretKey(secretOf(seed));
const noncesOf = (...seeds: readonly number[]) => createDpopNonces(() => seeds.map(keyOf), AUDIENCE);

describe('createDpopNonces', () => {
  const nonces = noncesOf(1);
  const nonce = nonces.current(NOW);

  test('a nonce is current in its slot of 60 s, previous in the next one, and invalid afterwards', () => {
    const times = [NOW, NOW + 59.9, NOW + 60, NOW + 119.9, NOW + 120, NOW + 3600];

    expect(times.map((now) => nonces.check(nonce, now))).toEqual([
      ...['current', 'current', 'previous', 'previous', 'invalid', 'invalid'],
    ]);
  });

  test('the clock of another process can be one slot ahead', () => {
    expect([NOW - 1, NOW - 60, NOW - 61].map((now) => nonces.check(nonce, now))).toEqual([
      ...['current', 'current', 'invalid'],
    ]);
  });

  test('nonces are the same within a slot, and differ between slots', () => {
    expect(nonces.current(NOW + 59)).toBe(nonce);
    expect(nonces.current(NOW + 60)).not.toBe(nonce);
  });

  test('a nonce consists of 30 characters of base64url', () => {
    expect(nonce).toMatch(/^[\w-]{30}$/);
  });

  test('a changed nonce is invalid', () => {
    const changed = [...nonce].map((character, index) =>
      [nonce.slice(0, index), character === 'A' ? 'B' : 'A', nonce.slice(index + 1)].join(''),
    );
    const others = [
      undefined,
      '',
      nonce.slice(1),
      `${nonce}A`,
      'A'.repeat(30),
      ' '.repeat(30),
      'é'.repeat(30),
    ];

    expect([...changed, ...others].filter((each) => nonces.check(each, NOW) !== 'invalid')).toEqual([]);
  });

  test('a nonce of a different key or server is invalid', () => {
    const others = [noncesOf(2), createDpopNonces(() => [keyOf(1)], 'https://other.example.com')];

    expect(others.map((other) => other.check(nonce, NOW))).toEqual(['invalid', 'invalid']);
  });

  test('nonces under previous keys are accepted, and the current key creates new ones', () => {
    const rotated = noncesOf(2, 1);

    expect(rotated.check(nonce, NOW)).toBe('current');
    expect(rotated.current(NOW)).toBe(noncesOf(2).current(NOW));
  });
});

describe('nonces of a key ring', () => {
  const settingsOf = async (
    seed: number,
    nonce: true | { secret: string } = true,
    environment = 'production',
  ) => {
    const keyRing = await createKeyRing({ current: { secret: secretOf(seed) }, environment });
    const parts = { keyRing: internalsOf(keyRing), clockToleranceSeconds: 5, status: 401, clock } as const;
    return resolveDpop({ mode: 'allow', baseUrl: AUDIENCE, nonce }, parts, 'authenticate');
  };
  const nonceOf = ({ nonceKeys = () => [] }: Awaited<ReturnType<typeof settingsOf>>) =>
    createDpopNonces(nonceKeys, AUDIENCE).current(NOW);

  test('two processes with the same root create the same nonces', async () => {
    expect(nonceOf(await settingsOf(1))).toBe(nonceOf(await settingsOf(1)));
  });

  test('another root, another environment and a secret create other nonces', async () => {
    const secret = 'a'.repeat(32);
    const settings = await Promise.all([
      settingsOf(1),
      settingsOf(2),
      settingsOf(1, true, 'staging'),
      settingsOf(1, { secret }),
      settingsOf(1, { secret: `${secret}b` }),
    ]);

    expect(new Set(settings.map(nonceOf)).size).toBe(settings.length);
  });

  test('a secret creates the same nonces with any key ring', async () => {
    const secret = 'a'.repeat(32);

    expect(nonceOf(await settingsOf(1, { secret }))).toBe(nonceOf(await settingsOf(2, { secret })));
  });

  test('a rotation of the key ring changes the nonces, and rejects none', async () => {
    let now = NOW;
    const source = memoryKeySource(generateKeySet(NOW));
    const options = { source, pendingSeconds: 300, clock: () => now };
    const [ring, other] = [await openKeyRing(options), await openKeyRing(options)];
    try {
      const [nonces, ofOther] = [ring, other].map((each) =>
        createDpopNonces(() => internalsOf(each).nonceKeys(), AUDIENCE),
      );
      await ring.rotate();
      now = NOW + 299;
      const before = nonces?.current(now);
      now = NOW + 300;
      const after = nonces?.current(now);

      expect(ring.versions.map(({ state }) => state)).toEqual(['retiring', 'current']);
      expect(nonces?.check(before, now)).toBe('previous');
      expect(ofOther?.check(before, now)).toBe('previous');
      // The other process has not reloaded the new root yet. The client retries with a nonce of the old one.
      expect(ofOther?.check(after, now)).toBe('invalid');
    } finally {
      await Promise.all([ring.close(), other.close()]);
    }
  });

  test('an exported access key has no root, so a secret is required', async () => {
    const jwks = (await createRing()).exportAccessKeys(AUDIENCE);
    const keyRing = internalsOf(await createKeyRing({ current: { jwks } }));
    const parts = { keyRing, clockToleranceSeconds: 5, status: 401 } as const;
    const resolve = (nonce: true | { secret: string }) =>
      resolveDpop({ mode: 'allow', baseUrl: AUDIENCE, nonce }, parts, 'authenticate');

    expect(() => resolve(true)).toThrow(
      'authenticate: dpop.nonce: the key ring has no root to derive nonces from: set dpop.nonce.secret',
    );
    expect(resolve({ secret: 'a'.repeat(32) }).nonceKeys?.()).toHaveLength(1);
  });
});
