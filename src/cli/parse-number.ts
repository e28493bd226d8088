import { InvalidArgumentError } from 'commander';

/**
 * Parse an option in seconds.
 *
 * @throws InvalidArgumentError if the value is not a positive integer.
 */
export function parseSeconds(value: string): number {
  if (!/^[1-9]\d{0,9}$/.test(value))
    throw new InvalidArgumentError('It must be a positive integer, in seconds, for example 300.');
  return Number(value);
}

/**
 * Parse a port number.
 *
 * @throws InvalidArgumentError if the value is not an integer from 1 to 65535.
 */
export function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('It must be an integer from 1 to 65535, for example 3000.');
  }
  return port;
}
