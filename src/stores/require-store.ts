import { assertMethod } from '../base/options.js';
import type { Stores } from './stores.js';

/** Name of a store in `Stores`. */
type StoreName = Exclude<keyof Stores, 'isReady' | 'close'>;

/** One method of each store contract. An object without the method is rejected at construction. */
const METHODS = {
  revocations: 'find',
  families: 'replace',
  counters: 'add',
  limits: 'admit',
  replays: 'use',
} as const satisfies Record<StoreName, string>;

/**
 * Return one store from the `stores` option.
 *
 * @param where name of the function that takes the option, for the error message.
 * @param option path of the option, for the error message. Default `stores`.
 * @throws TypeError if the store is missing or does not implement its contract.
 */
export function requireStore<Name extends StoreName>(
  stores: Pick<Stores, Name>,
  name: Name,
  where: string,
  option = 'stores',
): Stores[Name] {
  const store: unknown = typeof stores === 'object' && stores !== null ? stores[name] : undefined;
  assertMethod(
    store,
    METHODS[name],
    `${where}: ${option}.${name} is required: pass the stores of a driver, for example { stores: createMemoryStores() }`,
  );
  return stores[name];
}
