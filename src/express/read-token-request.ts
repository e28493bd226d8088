import type { Request } from 'express';
import { InvalidRequestError, InvalidTargetError } from '../errors.js';
import type { GrantParameters } from '../grants/grant.js';

/** Parameters of a token request, by name; how often each was sent is decided where it is read. */
export type TokenRequest = ReadonlyMap<string, readonly unknown[]>;

/** RFC 8707 section 2 lets these be repeated; here a token has one audience. */
const REPEATABLE = new Set(['audience', 'resource']);

/**
 * The parameters of the body: form (RFC 6749 section 4.4.2) or a JSON object. A parser that the application
 * mounted earlier may have parsed it already.
 */
export function readTokenRequest(req: Request): TokenRequest {
  const body: unknown = req.body;
  if (typeof body === 'string') return collect(new URLSearchParams(body).entries());
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return new Map();
  return new Map(Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? value : [value]]));
}

/**
 * The value of one parameter; one sent without a value counts as omitted (RFC 6749 section 3.2).
 * @throws InvalidRequestError where it is repeated or no text; InvalidTargetError for several audiences.
 */
export function readParameter(request: TokenRequest, name: string): string | undefined {
  const values = request.get(name) ?? [];
  if (values.length > 1) {
    if (REPEATABLE.has(name)) throw new InvalidTargetError('A token is for one audience');
    throw new InvalidRequestError(`The parameter ${name} is repeated`);
  }
  const [value] = values;
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new InvalidRequestError(`The parameter ${name} must be text`);
  return value;
}

/** The parameters that a grant type reads; all others are ignored (RFC 6749 section 3.2). */
export function readParameters(request: TokenRequest, names: readonly string[]): GrantParameters {
  const parameters = new Map<string, string>();
  for (const name of names) {
    const value = readParameter(request, name);
    if (value !== undefined) parameters.set(name, value);
  }
  return parameters;
}

function collect(entries: Iterable<readonly [string, string]>): TokenRequest {
  const parameters = new Map<string, unknown[]>();
  for (const [name, value] of entries) parameters.set(name, [...(parameters.get(name) ?? []), value]);
  return parameters;
}
