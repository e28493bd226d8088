import { describe, expect, test } from '@jest/globals';
import {
  addVersion,
  assertLasting,
  describeVersions,
  endVersion,
  findCurrent,
  generateKeySet,
} from '../../src/keys/key-versions.js';
import { type Jwk, type KeyMaterial, parseJwk } from '../../src/keys/parse-jwk.js';
import { secretOf } from '../support/tokens.js';

const NOW = 1000.5;
const SCHEDULE = { pendingSeconds: 60, retainSeconds: 600 };
const k = secretOf(1).toString('base64url');

const rootJwk = (kid: string, period: { nbf?: number; exp?: number } = {}): Jwk => ({
  kty: 'oct',
  kid,
  key_ops: ['deriveKey'],
  k,
  ...period,
});
const root = (kid: string, period: { nbf?: number; exp?: number } = {}): KeyMaterial =>
  parseJwk(rootJwk(kid, period));
const decryptingKey = (exp?: number): KeyMaterial =>
  parseJwk({ kty: 'oct', kid: 'd', alg: 'A256GCM', key_ops: ['decrypt'], k, ...(exp && { exp }) });

const statesOf = (...materials: readonly KeyMaterial[]) =>
  describeVersions(materials, NOW).map(({ kid, state }) => `${kid} ${state}`);

describe('describeVersions', () => {
  test('calls current what began last, retiring what began before, pending what has not begun', () => {
    const versions = [root('a'), root('c', { nbf: 1000 }), root('b', { nbf: 500 }), root('d', { nbf: 1001 })];
    expect(statesOf(...versions)).toEqual(['a retiring', 'c current', 'b retiring', 'd pending']);
  });

  test('calls current the first of those that began together', () => {
    expect(statesOf(root('a', { nbf: 5 }), root('b', { nbf: 5 }))).toEqual(['a current', 'b retiring']);
    expect(statesOf(root('a'), root('b', { nbf: 0 }))).toEqual(['a current', 'b retiring']);
  });

  test('calls retiring the second of those that begin this very second', () => {
    const versions = describeVersions([root('a', { nbf: 1000 }), root('b', { nbf: 1000 })], 1000);
    expect(versions.map(({ state }) => state)).toEqual(['current', 'retiring']);
  });

  test('the current version is the first of those that start earliest, if none has started', () => {
    const versions = [root('a', { nbf: 2000 }), root('b', { nbf: 2000 })];
    expect(statesOf(...versions)).toEqual(['a current', 'b pending']);
  });

  test('accepts underived keys', () => {
    expect(statesOf(decryptingKey(2000), decryptingKey(1000))).toEqual(['d current', 'd retired']);
  });

  test('the current version is the one that starts first, if none has started', () => {
    const versions = [root('a', { nbf: 3000 }), root('b', { nbf: 2000 }), root('c', { nbf: 4000 })];
    expect(statesOf(...versions)).toEqual(['a pending', 'b current', 'c pending']);
  });

  test('lets a version begin at its very nbf', () => {
    const [before, after] = [root('a'), root('b', { nbf: 1000 })];
    expect(findCurrent([before, after], 999.9)).toBe(before);
    expect(findCurrent([after, before], 999.9)).toBe(before);
    expect(findCurrent([before, after], 1000)).toBe(after);
    expect(findCurrent([after, before], 1000)).toBe(after);
  });

  test('an expired version is retired, regardless of the other versions', () => {
    expect(statesOf(root('a', { nbf: 900, exp: 1000 }), root('b'))).toEqual(['a retired', 'b current']);
    expect(statesOf(root('a', { exp: 1000 }))).toEqual(['a retired']);
    expect(statesOf(root('a', { exp: 1001 }))).toEqual(['a current']);
  });

  test('lets a version end at its very exp', () => {
    const material = root('a', { exp: 1000 });
    expect(findCurrent([material], 999.9)).toBe(material);
    expect(findCurrent([material], 1000)).toBeUndefined();
  });

  test('includes the times that are set, and is frozen', () => {
    const versions = describeVersions([root('a'), root('b', { nbf: 5, exp: 2000 })], NOW);
    expect(versions).toStrictEqual([
      { kid: 'a', state: 'retiring' },
      { kid: 'b', state: 'current', notBefore: 5, notAfter: 2000 },
    ]);
    expect(versions.map(Object.isFrozen)).toEqual([true, true]);
  });
});

describe('assertLasting', () => {
  const refusal = new TypeError(
    'the current key must not have exp: remove exp, because only previous keys may expire',
  );

  test.each([
    ['a root without an end', [root('a')]],
    ['one of two roots without an end', [root('a', { exp: 2000 }), root('b')]],
    ['keys that only decrypt', [decryptingKey(2000)]],
    ['nothing', []],
  ])('takes %s', (_what, materials) => {
    expect(() => assertLasting(materials)).not.toThrow();
  });

  test.each([
    ['a root with an end', [root('a', { exp: 2000 })]],
    ['two of them', [root('a', { exp: 2000 }), root('b', { exp: 3000 })]],
    ['one beside a key without an end that only decrypts', [root('a', { exp: 2000 }), decryptingKey()]],
  ])('rejects %s', (_what, materials) => {
    expect(() => assertLasting(materials)).toThrow(refusal);
  });
});

describe('addVersion', () => {
  test('adds a pending root, and sets an expiry for versions without one', () => {
    const [first, second] = [rootJwk('a', { exp: 1100 }), rootJwk('b', { nbf: 500 })];
    const added = addVersion({ keys: [first, second] }, NOW, SCHEDULE)?.keys ?? [];
    expect(added.slice(0, -1)).toEqual([first, { ...second, exp: 1661 }]);
    expect(added.at(-1)).toMatchObject({ kty: 'oct', key_ops: ['deriveKey'], iat: 1000, nbf: 1061 });
    expect(added.at(-1)).not.toHaveProperty('exp');
  });

  test('rounds up to seconds, so that no version starts or expires too early', () => {
    const schedule = { pendingSeconds: 0.2, retainSeconds: 0.2 };
    const [before, after] = addVersion({ keys: [rootJwk('a')] }, NOW, schedule)?.keys ?? [];
    expect([before?.['exp'], after?.['nbf']]).toEqual([1002, 1001]);
  });

  test('leaves out what is retired', () => {
    const keys = [rootJwk('a', { exp: 1000 }), rootJwk('b', { exp: 1001 }), rootJwk('c')];
    const added = addVersion({ keys }, NOW, SCHEDULE)?.keys ?? [];
    expect(added.slice(0, -1).map(({ kid }) => kid)).toEqual(['b', 'c']);
    expect(addVersion({ keys }, 1000, SCHEDULE)?.keys).toHaveLength(3);
  });

  test('adds no version while one is pending', () => {
    expect(addVersion({ keys: [rootJwk('a'), rootJwk('b', { nbf: 1001 })] }, NOW, SCHEDULE)).toBeUndefined();
    expect(addVersion({ keys: [rootJwk('a'), rootJwk('b', { nbf: 1001 })] }, 1001, SCHEDULE)).toBeDefined();
  });

  test('does not wait for one that ended before it began', () => {
    const ended = rootJwk('b', { nbf: 1001, exp: 1000 });
    expect(addVersion({ keys: [rootJwk('a'), ended] }, NOW, SCHEDULE)?.keys).toHaveLength(2);
  });
});

describe('endVersion', () => {
  const retiring = rootJwk('a', { exp: 2000 });
  const current = rootJwk('b', { nbf: 500 });

  test('ends a retiring version at once', () => {
    expect(endVersion({ keys: [retiring, current] }, 'a', NOW)).toEqual({
      keys: [{ ...retiring, exp: 1000 }, current],
    });
  });

  test('removes the expiry of the current version if its successor is retired', () => {
    const [ending, pending] = [{ ...current, exp: 3000 }, rootJwk('c', { nbf: 1001 })];
    expect(endVersion({ keys: [retiring, ending, pending] }, 'c', NOW)).toEqual({
      keys: [retiring, current, { ...pending, exp: 1000 }],
    });
  });

  test('keeps the expiry of the current version if another successor exists', () => {
    const [ending, pending] = [{ ...current, exp: 3000 }, rootJwk('c', { nbf: 1001 })];
    const { keys } = endVersion({ keys: [retiring, ending, pending] }, 'a', NOW);
    expect(keys).toEqual([{ ...retiring, exp: 1000 }, ending, pending]);
  });

  test('rejects an unknown version', () => {
    expect(() => endVersion({ keys: [retiring, current] }, 'c', NOW)).toThrow(
      new TypeError(
        'retire: the key ring has no version with this kid: list the versions with passport-jwe keys list',
      ),
    );
  });

  test.each([
    ['the current version', [retiring, current], 'b'],
    ['the current version, first in the set', [current, retiring], 'b'],
    ['the version that became current this second', [retiring, { ...current, nbf: 1000.5 }], 'b'],
    ['the only one that has begun', [retiring, rootJwk('c', { nbf: 2000 })], 'a'],
    ['any version, if none has started', [rootJwk('a', { nbf: 2000 }), rootJwk('b', { nbf: 3000 })], 'b'],
    ['any version, if all have expired', [rootJwk('a', { exp: 900 }), rootJwk('b', { exp: 1000 })], 'a'],
  ])('rejects %s', (_what, keys, kid) => {
    expect(() => endVersion({ keys }, kid, NOW)).toThrow(
      new TypeError(
        'retire: the current version cannot be retired: rotate first, and retire it once the new version is current',
      ),
    );
  });
});

describe('generateKeySet', () => {
  test('generates one random root, which is current', () => {
    const [one, other] = [generateKeySet(NOW), generateKeySet(NOW)];
    const [jwk] = one.keys;
    expect(one.keys).toHaveLength(1);
    expect(jwk).toMatchObject({ kty: 'oct', key_ops: ['deriveKey'], iat: 1000, nbf: 1000 });
    expect(jwk?.['kid']).toMatch(/^[0-9a-f]{24}$/);
    expect(Buffer.from(String(jwk?.['k']), 'base64url')).toHaveLength(32);
    expect(jwk?.['k']).not.toBe(other.keys[0]?.['k']);
    expect(jwk?.['kid']).not.toBe(other.keys[0]?.['kid']);
  });

  test('starts now by default', () => {
    const before = Math.floor(Date.now() / 1000);
    const begin = Number(generateKeySet().keys[0]?.['nbf']);
    expect(begin - before).toBeGreaterThanOrEqual(0);
    expect(begin - before).toBeLessThanOrEqual(60);
  });
});
