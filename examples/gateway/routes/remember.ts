import type { Request } from 'express';

/**
 * Caches the result of a function for each request, so that the body is parsed only once. The request itself holds the
 * result: entries of a WeakMap survive the frequent garbage collections of new objects, and pauses take longer.
 */
export function remember<Value extends object>(read: (req: Request) => Value): (req: Request) => Value {
  const key: unique symbol = Symbol('remembered');
  return (req: Request & { [key]?: Value }) => {
    req[key] ??= read(req);
    return req[key];
  };
}
