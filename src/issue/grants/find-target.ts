import { parseUrl } from '../../base/parse-url.js';

/**
 * Find the configured audience that equals a requested target. URLs are compared in their normalized form (RFC 3986
 * §6.2), so `https://api.example.com` equals `https://api.example.com/`. All other names must be identical.
 *
 * @returns the configured spelling, which tokens carry as `aud`, or `undefined` if no audience equals the target
 */
export function findTarget(requested: string, audiences: readonly string[]): string | undefined {
  if (audiences.includes(requested)) return requested;
  const normalized = normalize(requested);
  return audiences.find((audience) => normalize(audience) === normalized);
}

/** Normalize a URL: scheme and host in lower case, without default port, with a path. */
function normalize(target: string): string {
  return parseUrl(target)?.href ?? target;
}
