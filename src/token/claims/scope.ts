import { createFifoCache } from '../../base/fifo-cache.js';

/** Scope token: `1*( %x21 / %x23-5B / %x5D-7E )` (RFC 6749 §3.3). */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Whether a value is a single scope token (RFC 6749 §3.3). */
export function isScopeToken(value: unknown): value is string {
  return typeof value === 'string' && SCOPE_TOKEN.test(value);
}

/**
 * Parse a scope: space-delimited scope tokens (RFC 6749 §3.3), or an array, which some issuers use.
 *
 * @returns the scope tokens in order and without duplicates, or `undefined` if the scope is malformed.
 */
export function parseScope(value: unknown): readonly string[] | undefined {
  const tokens: readonly unknown[] | undefined =
    typeof value === 'string' ? splitScope(value) : asArray(value);
  if (tokens === undefined || !tokens.every(isScopeToken)) return undefined;
  return Object.freeze([...new Set(tokens)]);
}

/** Maximum number of cached scopes. The oldest is evicted first. Issuers use few different scopes. */
const MAX_KNOWN = 512;

/** Maximum length of a cached scope in characters. */
const MAX_KNOWN_LENGTH = 512;

const known = createFifoCache<string, readonly string[]>(MAX_KNOWN);

/** Parse a scope with a cache. Use it only for authentic tokens, so that attackers cannot fill the cache. */
export function parseAuthenticScope(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'string' || value.length > MAX_KNOWN_LENGTH) return parseScope(value);
  const read = known.get(value);
  if (read !== undefined) return read;
  const tokens = parseScope(value);
  if (tokens === undefined) return undefined;
  known.set(value, tokens);
  return tokens;
}

export function formatScope(tokens: readonly string[]): string {
  return tokens.join(' ');
}

/** Whether two scopes contain the same tokens, in any order. */
export function isSameScope(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((token) => other.includes(token));
}

/**
 * Parse the scope that an application requires.
 *
 * @param name function or option for the error message.
 * @throws TypeError if the scope is malformed, because a malformed scope would break the challenge.
 */
export function resolveRequiredScope(scope: string | readonly string[], name: string): readonly string[] {
  const tokens = parseScope(scope);
  if (tokens === undefined)
    throw new TypeError(`${name} must contain only scope tokens (RFC 6749 §3.3), for example "read:reports"`);
  return tokens;
}

function splitScope(value: string): readonly string[] {
  return value === '' ? [] : value.split(' ');
}

function asArray(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
