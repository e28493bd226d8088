import { isSecureUrl } from './is-secure-url.js';
import { parseUrl } from './parse-url.js';
import { isPrintableName } from './printable-name.js';

/** Names of all options of a function. The compiler reports a missing name. */
export type KnownOptions<Options> = Readonly<Record<keyof Options, true>>;

/** Number of options in the example of an error message. */
const EXAMPLE_OPTIONS = 3;

/** Returns the remedy for an unknown option, for example for an option of another library. */
export type RemedyFinder = (name: string, known: object) => string | undefined;

/**
 * Assert that options are an object without unknown members. Ignoring a misspelt option could disable a check.
 *
 * @param where function or option for the error messages, which never contain values.
 * @param findRemedy remedies for unknown options. Default: the message lists the known options.
 * @throws TypeError if the options are not an object, or include an unknown option.
 */
export function assertOptions<Options extends object>(
  options: Options,
  known: KnownOptions<Options>,
  where: string,
  findRemedy: RemedyFinder = () => undefined,
): void {
  assertObject(options, where, exampleOf(known));
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const remedy = findRemedy(unknown, known);
  const hint = remedy === undefined ? `; expected one of: ${Object.keys(known).join(', ')}` : `: ${remedy}`;
  throw new TypeError(`${where}: unknown option ${describeName(unknown)}${hint}`);
}

/**
 * Assert that a value is an object.
 *
 * @param where function, or function and option, for the error message.
 * @param example valid object for the error message.
 * @throws TypeError if the value is not an object. The message omits the value, which could be a misplaced secret.
 */
export function assertObject(value: unknown, where: string, example: string): asserts value is object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new TypeError(`${subjectOf(where)} must be an object, for example ${example}`);
}

/** Name the invalid value in a message: `createLimits: onStoreFailure`, or `createLimits: options` for all options. */
function subjectOf(where: string): string {
  return where.includes(': ') ? where : `${where}: options`;
}

function exampleOf(known: object): string {
  return `{ ${Object.keys(known).slice(0, EXAMPLE_OPTIONS).join(', ')} }`;
}

/** Assert that a value has a method. @throws TypeError with the message `expected` if the method is missing. */
export function assertMethod(value: unknown, method: string, expected: string): void {
  const holder: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, method) : undefined;
  if (typeof holder !== 'function') throw new TypeError(expected);
}

/**
 * Assert that a URL is safe for a service that receives credentials or serves keys, and parse the URL.
 *
 * @param name function and option for the error message.
 * @throws TypeError if the value is not an absolute `https:` URL (`http:` on loopback only), or contains credentials.
 *   The message omits the value.
 */
export function assertSecureUrl(value: unknown, name: string): URL {
  const url = parseUrl(value);
  if (url === undefined || !isSecureUrl(url))
    throw new TypeError(
      `${name} must be an absolute https URL (http on loopback only), for example "https://service.example.com"`,
    );
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(`${name} must not contain credentials: remove the user name and password`);
  }
  return url;
}

/**
 * Assert that an option is a non-empty string.
 *
 * @param example valid value for the error message.
 * @throws TypeError that names the function and the option.
 */
export function assertString(
  value: unknown,
  where: string,
  name: string,
  example: string,
): asserts value is string {
  if (typeof value === 'string' && value !== '') return;
  throw new TypeError(`${where}: ${name} must be a non-empty string, for example "${example}"`);
}

/** Accepted range of a numeric option. */
export interface NumberRange {
  /** Whether the number must be an integer. Default false. */
  readonly isInteger?: boolean;
  /** Inclusive lower bound. */
  readonly from?: number;
  /** Exclusive lower bound. */
  readonly above?: number;
  /** Inclusive upper bound. Default: none, but the number must be finite. */
  readonly to?: number;
  /** Valid value for the error message. */
  readonly example?: number;
}

/**
 * Assert that an option is a finite number in a range.
 *
 * @param where function for the error message.
 * @throws TypeError if the value is out of range. The message names the function, the option and the range.
 * @example
 * assertNumber(leaseSeconds, 'createLimits', 'leaseSeconds', { from: 1, to: 3600 });
 */
export function assertNumber(
  value: unknown,
  where: string,
  name: string,
  range: NumberRange,
): asserts value is number {
  if (isInRange(value, range)) return;
  const { example } = range;
  const hint = example === undefined ? '' : `, for example ${example}`;
  throw new TypeError(`${where}: ${name} must be ${describeRange(range)}${hint}`);
}

/** Assert that an option is a positive integer. Throw like `assertNumber()`. */
export function assertPositiveInteger(
  value: unknown,
  where: string,
  name: string,
  example: number,
): asserts value is number {
  assertNumber(value, where, name, { isInteger: true, from: 1, example });
}

/** Assert that an option is a positive number, which may be a fraction. Throw like `assertNumber()`. */
export function assertPositiveNumber(
  value: unknown,
  where: string,
  name: string,
  example: number,
): asserts value is number {
  assertNumber(value, where, name, { above: 0, example });
}

/** Whether a value is a number in the range. Reject numeric strings, which `+` would concatenate. */
function isInRange(value: unknown, { isInteger = false, from, above, to }: NumberRange): boolean {
  return (
    typeof value === 'number' &&
    (isInteger ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
    (from === undefined || value >= from) &&
    (above === undefined || value > above) &&
    (to === undefined || value <= to)
  );
}

function describeRange({ isInteger = false, from, above, to }: NumberRange): string {
  const kind = isInteger ? 'integer' : 'number';
  if (to === undefined && ((isInteger && from === 1) || above === 0)) return `a positive ${kind}`;
  const bounds = [
    ...(from === undefined ? [] : [to === undefined ? `of at least ${from}` : `from ${from}`]),
    ...(above === undefined ? [] : [`greater than ${above}`]),
    ...(to === undefined ? [] : [from === undefined ? `up to ${to}` : `to ${to}`]),
  ];
  const article = isInteger ? 'an' : 'a';
  return [article, kind, bounds.join(above === undefined ? ' ' : ' and ')].join(' ').trimEnd();
}

/** Name an unknown option in a message, unless the name could be a misplaced secret. */
export function describeName(name: string): string {
  return isPrintableName(name) ? name : '(name not shown: it could be a secret)';
}
