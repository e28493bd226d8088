import { InvalidRequestError } from '../base/errors.js';

/** All values of each parameter in a form, a query string or a JSON object, by name. */
export type Parameters = ReadonlyMap<string, readonly unknown[]>;

/**
 * Return the value of a parameter, or `undefined` if the parameter is omitted or empty (RFC 6749 §3.2).
 *
 * @throws InvalidRequestError if the parameter is repeated or not a string
 */
export function readParameter(parameters: Parameters, name: string): string | undefined {
  const [value, ...others] = parameters.get(name) ?? [];
  if (others.length > 0) throw new InvalidRequestError(`The parameter ${name} is repeated`);
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new InvalidRequestError(`The parameter ${name} must be a string`);
  return value;
}

/** Parse a form-encoded body or a query string. */
export function parseForm(text: string): Parameters {
  const parameters = new Map<string, unknown[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    parameters.set(name, [...(parameters.get(name) ?? []), value]);
  }
  return parameters;
}
