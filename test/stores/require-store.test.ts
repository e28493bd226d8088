import { describe, expect, test } from '@jest/globals';
import { createMemoryStores } from 'passport-jwe';
import { requireStore } from '../../src/stores/require-store.js';
import { thrownBy } from '../support/caught.js';
import { untypedValue } from '../support/untyped.js';

const NAMES = ['revocations', 'families', 'counters', 'limits', 'replays'] as const;

describe.each(NAMES)('the option stores, read for %s', (name) => {
  const stores = createMemoryStores();

  test('yields that store of a driver', () => {
    expect(requireStore(stores, name, 'createSomething')).toBe(stores[name]);
  });

  test('takes an object with that member alone', () => {
    expect(requireStore({ ...untypedValue({}), [name]: stores[name] }, name, 'createSomething')).toBe(
      stores[name],
    );
  });

  test.each([
    undefined,
    null,
    'stores',
    {},
    { [name]: null },
    { [name]: {} },
    { [name]: name === 'limits' ? stores.counters : stores.limits },
  ])('names the function and the member if it is missing: %j', (value) => {
    expect(thrownBy(() => requireStore(untypedValue(value), name, 'createSomething'))).toEqual(
      new TypeError(
        `createSomething: stores.${name} is required: pass the stores of a driver, for example { stores: createMemoryStores() }`,
      ),
    );
  });
});
