import { isSecureUrl } from './is-secure-url.js';
import { isPrintableName } from './printable-name.js';

/** Every option that there is, so that the compiler finds one that is missing here. */
export type KnownOptions<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Callers without TypeScript misspell options too, and one that is ignored may be the one that mattered.
 * @param where what the options are for, as messages name it. No message shows a value.
 * @throws TypeError where they are no object, or one of them is unknown.
 */
export function assertOptions<Options extends object>(
  options: Options,
  known: KnownOptions<Options>,
  where: string,
): void {
  assertObject(options, where);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    throw new TypeError(`${where} has no option of that name: ${describeName(name)}`);
  }
}

/** @throws TypeError where it is no object, without showing it: it may be a secret in the wrong place. */
export function assertObject(value: unknown, where: string): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${where} needs an object of options`);
  }
}

/** @throws TypeError where a collaborator lacks the method that will be called. */
export function assertMethod(value: unknown, method: string, expected: string): void {
  const holder: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, method) : undefined;
  if (typeof holder !== 'function') throw new TypeError(expected);
}

/**
 * For addresses that credentials are sent to, or keys are fetched from.
 * @throws TypeError where it is no absolute `https:` URL, `http:` on loopback only, for there nobody listens in; or where
 *   it has credentials in it. It is not shown.
 */
export function assertSecureUrl(value: unknown, name: string): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !isSecureUrl(url))
    throw new TypeError(`${name} must be an https URL, http on loopback`);
  if (url.username !== '' || url.password !== '') throw new TypeError(`${name} must hold no credentials`);
  return url;
}

/** @throws TypeError that names the function and the option, and never shows the value. */
export function assertString(value: unknown, where: string, name: string): asserts value is string {
  if (typeof value === 'string' && value !== '') return;
  throw new TypeError(`${where}: ${name} must be a non-empty string`);
}

/** The numbers that an option may be. */
export interface NumberRange {
  readonly isInteger?: boolean;
  /** Smallest number. */
  readonly from?: number;
  /** Excluded lower bound. */
  readonly above?: number;
  /** Largest number. Default: every finite number. */
  readonly to?: number;
  /** A good value, for the error message. */
  readonly example?: number;
}

/**
 * Asserts that an option is a finite number in a range.
 *
 * @param where the function that has the option, as error messages name it.
 * @throws TypeError that names the function, the option and the range.
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

/** As `assertNumber`, for 1, 2, 3 and so on. */
export function assertPositiveInteger(
  value: unknown,
  where: string,
  name: string,
  example: number,
): asserts value is number {
  assertNumber(value, where, name, { isInteger: true, from: 1, example });
}

/** As `assertNumber`, for all numbers above zero, such as seconds with fractions. */
export function assertPositiveNumber(
  value: unknown,
  where: string,
  name: string,
  example: number,
): asserts value is number {
  assertNumber(value, where, name, { above: 0, example });
}

/** A string would turn sums into concatenations, so only numbers pass. */
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

function describeName(name: string): string {
  return isPrintableName(name) ? name : '(not shown)';
}
