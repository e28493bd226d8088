import type { Request } from 'express';
import { InvalidRequestError, InvalidTargetError } from '../base/errors.js';
import { hasDuplicateMembers } from '../base/has-duplicate-members.js';
import { isJsonObject } from '../base/json.js';

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
  if (typeof body === 'string') return req.is('application/json') ? parseJson(body) : parseForm(body);
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
export function readParameters(request: TokenRequest, names: readonly string[]): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const name of names) {
    const value = readParameter(request, name);
    if (value !== undefined) parameters.set(name, value);
  }
  return parameters;
}

/** Form-encoded text, as bodies and queries have it. */
export function parseForm(text: string): TokenRequest {
  const parameters = new Map<string, unknown[]>();
  for (const [name, value] of new URLSearchParams(text))
    parameters.set(name, [...(parameters.get(name) ?? []), value]);
  return parameters;
}

/** A name that stands twice is refused here, since JSON.parse would hide the first. */
function parseJson(text: string): TokenRequest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new InvalidRequestError('The body is not valid JSON');
  }
  if (!isJsonObject(parsed)) throw new InvalidRequestError('The body must be a JSON object');
  if (hasDuplicateMembers(text)) throw new InvalidRequestError('The body repeats a parameter');
  return new Map(Object.entries(parsed).map(([name, value]) => [name, [value]]));
}
