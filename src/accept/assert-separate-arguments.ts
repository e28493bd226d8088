import { assertFactoryCall } from '../http/assert-factory-call.js';

/** Arguments of a guard with any number of them, for error messages. */
export interface ArgumentKind<Kind extends string> {
  /** Name of the guard. */
  readonly guard: string;
  /** Term for one argument, for example `scope token`. */
  readonly noun: string;
  /** Valid arguments, as source text. */
  readonly example: string;
  /** Description of a valid argument. */
  readonly shape: string;
  readonly isValid: (value: unknown) => value is Kind;
}

/**
 * Assert that a guard received at least one string, each as a separate argument.
 *
 * @throws TypeError if there is no argument, or one is an array or malformed. The message contains no argument
 */
export function assertSeparateArguments<Kind extends string>(
  args: readonly unknown[],
  { guard, noun, example, shape, isValid }: ArgumentKind<Kind>,
): asserts args is readonly Kind[] {
  const call = `${guard}(${example})`;
  assertFactoryCall(args, call);
  if (args.length === 0) throw new TypeError(`${guard}: pass at least one ${noun}, for example ${call}`);
  if (args.some(Array.isArray)) {
    throw new TypeError(
      `${guard}: pass each ${noun} as a separate argument, or spread the array: ${guard}(...array)`,
    );
  }
  if (!args.every(isValid)) {
    throw new TypeError(`${guard}: each ${noun} must be ${shape}, for example ${call}`);
  }
}
