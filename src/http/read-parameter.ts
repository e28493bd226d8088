import { InvalidRequestError } from '../base/errors.js';

/** Parameters of a form, a query or a JSON object, each with all its values. */
export type Parameters = ReadonlyMap<string, readonly unknown[]>;

/**
 * The value of one parameter; `undefined` if it is omitted or empty (RFC 6749 §3.2).
 *
 * @throws InvalidRequestError if it is repeated or not a string
 */
export function readParameter(parameters: Parameters, name: string): string | undefined {
  const [value, ...others] = parameters.get(name) ?? [];
  if (others.length > 0) throw new InvalidRequestError(`The parameter ${name} is repeated`);
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new InvalidRequestError(`The parameter ${name} must be a string`);
  return value;
}

/** Parses the text of a form or a query. */
export function parseForm(text: string): Parameters {
  const parameters = new Map<string, unknown[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    parameters.set(name, [...(parameters.get(name) ?? []), value]);
  }
  return parameters;
}
