import { InvalidRequestError } from '../base/errors.js';
import { parseForm, readParameter, type TokenRequest } from '../http/read-token-request.js';
import type { Session } from './session.js';

/** The session that a token belongs to. */
export type CurrentSession = Pick<Session, 'subject' | 'sessionId'>;

const LIMIT = /^([1-9]\d{0,2}|1000)$/;

/** What a page can end with, and more. */
const CURSOR = /^[\x21-\x7e]{1,200}$/;

/** Which page of a list is asked for. @throws InvalidRequestError */
export function readPage(url: string): { readonly limit?: number; readonly after?: string } {
  const query = readQuery(url, ['limit', 'after']);
  const limit = readParameter(query, 'limit');
  const after = readParameter(query, 'after');
  if (limit !== undefined && !LIMIT.test(limit))
    throw new InvalidRequestError('limit is a number from 1 to 1000');
  if (after !== undefined && !CURSOR.test(after))
    throw new InvalidRequestError('after is what next was before');
  return {
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(after === undefined ? {} : { after }),
  };
}

/** Which session stays when all others end. @throws InvalidRequestError */
export function readKeep(
  url: string,
  current: CurrentSession | undefined,
): { readonly keep?: CurrentSession } {
  const query = readQuery(url, ['keep']);
  if (!query.has('keep')) return {};
  if (readParameter(query, 'keep') !== 'current') throw new InvalidRequestError('keep can be current alone');
  if (current === undefined)
    throw new InvalidRequestError('The access token belongs to no session to be kept');
  return { keep: current };
}

/** @throws InvalidRequestError where there is a query. */
export function readNothing(url: string): void {
  readQuery(url, []);
}

/** Read from the URL, as applications may have Express parse it in another way, or not at all. */
function readQuery(url: string, names: readonly string[]): TokenRequest {
  const start = url.indexOf('?');
  const query = parseForm(start < 0 ? '' : url.slice(start + 1));
  for (const name of query.keys()) {
    // A name that is misspelt could be the one that was to keep a session.
    if (!names.includes(name)) throw new InvalidRequestError('There is no parameter of that name');
  }
  return query;
}
