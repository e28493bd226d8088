/** A number of seconds, or a number with a unit: `'90s'`, `'15m'`, `'12h'`, `'30d'`. */
export type Duration = number | `${number}${Unit}`;

/** @inline */
type Unit = 's' | 'm' | 'h' | 'd';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

const TEXT = /^(\d{1,9})(s|m|h|d)$/;

/**
 * Resolve a duration to seconds.
 *
 * @param where function that takes the duration, for the error message
 * @param name option, for the error message
 * @throws TypeError if the value is neither a positive number nor a positive integer with a unit
 *
 * @example
 * toSeconds('15m', 'issue', 'lifetime'); // 900
 */
export function toSeconds(value: unknown, where: string, name: string): number {
  const seconds = typeof value === 'string' ? parse(value) : value;
  if (typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new TypeError(
    `${where}: ${name} must be a positive number of seconds, or a string such as "15m": an integer and s, m, h or d`,
  );
}

function parse(text: string): number | undefined {
  const [, count, unit = ''] = TEXT.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (SECONDS[unit] ?? Number.NaN);
}
