/** RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

export function isScopeToken(value: unknown): value is string {
  return typeof value === 'string' && SCOPE_TOKEN.test(value);
}

/**
 * Reads a scope: space-delimited tokens (RFC 6749 section 3.3) or, as some issuers write it, an array.
 * @returns its tokens without repetitions, in their order; `undefined` where it is malformed.
 */
export function parseScope(value: unknown): readonly string[] | undefined {
  const tokens: readonly unknown[] | undefined =
    typeof value === 'string' ? splitScope(value) : asArray(value);
  if (tokens === undefined || !tokens.every(isScopeToken)) return undefined;
  return Object.freeze([...new Set(tokens)]);
}

export function formatScope(tokens: readonly string[]): string {
  return tokens.join(' ');
}

/** Whether two scopes hold the same tokens, in whatever order. */
export function isSameScope(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((token) => other.includes(token));
}

/**
 * Resolves the scopes that an application requires.
 * @throws TypeError where one is no scope token, which would also break the challenge that names it.
 */
export function resolveRequiredScope(scope: string | readonly string[], name: string): readonly string[] {
  const tokens = parseScope(scope);
  if (tokens === undefined)
    throw new TypeError(`${name} must be made of scope tokens (RFC 6749 section 3.3)`);
  return tokens;
}

function splitScope(value: string): readonly string[] {
  return value === '' ? [] : value.split(' ');
}

function asArray(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
