import { assertFactoryCall } from '../http/assert-factory-call.js';

/** Function that a guard takes, for error messages. */
export interface Selector {
  /** Name of the guard. */
  readonly guard: string;
  /** Name of the parameter. */
  readonly name: string;
  /** Valid function, as source text. */
  readonly example: string;
}

/** Assert that a guard received a function. @throws TypeError that names the guard and the parameter. */
export function assertSelector(value: unknown, { guard, name, example }: Selector): void {
  const call = `${guard}(${example})`;
  assertFactoryCall([value], call);
  if (typeof value !== 'function') {
    throw new TypeError(`${guard}: ${name} must be a function, for example ${call}`);
  }
}
