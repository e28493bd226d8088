import { InvalidRequestError } from '../base/errors.js';
import { type Parameters, parseForm, readParameter } from '../http/read-parameter.js';
import type { CurrentSession } from './session.js';

const LIMIT = /^([1-9]\d{0,2}|1000)$/;

/** Matches every cursor that a store can return as `next`. */
const CURSOR = /^[\x21-\x7e]{1,200}$/;

/**
 * Read `limit` and `after` from the query.
 *
 * @throws InvalidRequestError if a parameter is malformed or unknown
 */
export function readPage(url: string): { readonly limit?: number; readonly after?: string } {
  const query = readQuery(url, ['limit', 'after']);
  const limit = readParameter(query, 'limit');
  const after = readParameter(query, 'after');
  if (limit !== undefined && !LIMIT.test(limit))
    throw new InvalidRequestError('`limit` must be an integer from 1 to 1000');
  if (after !== undefined && !CURSOR.test(after))
    throw new InvalidRequestError('`after` must be the `next` value of the previous page');
  return {
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(after === undefined ? {} : { after }),
  };
}

/**
 * Read the session that `keep=current` excludes.
 *
 * @throws InvalidRequestError if a parameter is malformed or unknown, or the token has no session
 */
export function readKeep(
  url: string,
  current: CurrentSession | undefined,
): { readonly keep?: CurrentSession } {
  const query = readQuery(url, ['keep']);
  if (!query.has('keep')) return {};
  if (readParameter(query, 'keep') !== 'current') throw new InvalidRequestError('`keep` must be `current`');
  if (current === undefined)
    throw new InvalidRequestError('`keep=current` requires an access token that belongs to a session');
  return { keep: current };
}

/**
 * Assert that the query is empty.
 *
 * @throws InvalidRequestError if it has a parameter
 */
export function readNothing(url: string): void {
  readQuery(url, []);
}

/** Parse the query of a URL. `req.query` depends on the settings of the application. */
function readQuery(url: string, names: readonly string[]): Parameters {
  const start = url.indexOf('?');
  const query = parseForm(start < 0 ? '' : url.slice(start + 1));
  for (const name of query.keys()) {
    // If a misspelt `keep` were ignored, the current session would also end.
    if (!names.includes(name)) throw new InvalidRequestError('Unknown query parameter');
  }
  return query;
}
