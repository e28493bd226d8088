import { isThenable } from './is-thenable.js';

/**
 * Continue with a value, synchronously unless it is a promise. Synchronous work on the hot path then creates no promise.
 *
 * @throws whatever `next` throws (or as rejection)
 */
export function chain<Value, Result>(
  value: Value | PromiseLike<Value>,
  next: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return isPending(value) ? Promise.resolve(value).then(next) : next(value);
}

function isPending<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return isThenable(value);
}
