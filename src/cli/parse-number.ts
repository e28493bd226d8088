import { InvalidArgumentError } from 'commander';

/** @throws InvalidArgumentError for what is no positive whole number of seconds. */
export function parseSeconds(value: string): number {
  if (!/^[1-9]\d{0,9}$/.test(value)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(value);
}

/** @throws InvalidArgumentError for what is no port. */
export function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port < 1 || port > 65_535) {
    throw new InvalidArgumentError('It must be from 1 to 65535.');
  }
  return port;
}
