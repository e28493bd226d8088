import type { IncomingMessage } from 'node:http';

/** Property that attaches a value to a request, a response or a socket. */
export interface RequestSlot<Value, Holder extends object = IncomingMessage> {
  read(holder: Holder): Value | undefined;
  /**
   * Return the value that an earlier middleware has set.
   *
   * @throws Error if no middleware has set a value
   */
  get(holder: Holder): Value;
  /** Set or replace the value. */
  fill(holder: Holder, value: Value): void;
}

/**
 * Create a slot: a non-enumerable property with a unique symbol as its key. Other middleware cannot overwrite the
 * property by accident. Loggers and copy of the request omit it. A WeakMap would be slower.
 */
export function createRequestSlot<Value, Holder extends object = IncomingMessage>(): RequestSlot<
  Value,
  Holder
> {
  const slot: unique symbol = Symbol('passport-jwe');
  type Slotted = Holder & { readonly [slot]?: Value };
  return {
    read: (holder: Slotted) => holder[slot],
    get(holder: Slotted) {
      const value = holder[slot];
      if (value === undefined)
        throw new Error(
          'A passport-jwe middleware ran before the middleware that it depends on: mount them in the documented order',
        );
      return value;
    },
    fill: (holder, value) => void Object.defineProperty(holder, slot, { value, configurable: true }),
  };
}
