import type { Request } from 'express';

/** Function whose result is cached for each request. */
export interface Remembered<Value> {
  (req: Request): Value;
  forget(req: Request): void;
}

/**
 * Caches the result of a function for each request, so that the body is parsed only once. The request itself holds the
 * result: entries of a WeakMap survive the frequent garbage collections of new objects, and pauses take longer.
 */
export function remember<Value extends object>(read: (req: Request) => Value): Remembered<Value> {
  const key: unique symbol = Symbol('remembered');
  type Holder = Request & { [key]?: Value | undefined };
  const recall = (req: Holder): Value => {
    req[key] ??= read(req);
    return req[key];
  };
  const forget = (req: Holder): void => {
    req[key] = undefined;
  };
  return Object.assign(recall, { forget });
}
