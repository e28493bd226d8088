/**
 * Parse an absolute URL. `URL.canParse()` is not reliable: in Node.js 20, optimized code returns `false` for hosts with
 * Latin-1 characters.
 *
 * @returns `undefined` if the value is not an absolute URL
 */
export function parseUrl(value: unknown): URL | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return new URL(value);
  } catch {
    return undefined;
  }
}
