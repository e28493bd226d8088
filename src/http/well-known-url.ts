import { parseUrl } from '../base/parse-url.js';
import { normalizeTarget } from './normalize-target.js';

/**
 * Build the URL of a metadata document. Inserts `/.well-known/<name>` between the host and the path or query of an
 * identifier. Removes the slash after the host, but keeps a slash at the end of a path.
 *
 * @param label function and option of the identifier, for the error message
 * @throws TypeError if the identifier is not an absolute URL, or has a fragment
 * @see RFC 8414 §3, RFC 9728 §3
 */
export function wellKnownUrl(identifier: string, name: string, label: string): URL {
  const url = parseUrl(identifier);
  if (url === undefined)
    throw new TypeError(`${label} must be an absolute URL, for example "https://api.example.com"`);
  if (identifier.includes('#')) throw new TypeError(`${label} must not contain a fragment: remove it`);
  const { origin, pathname, search } = url;
  return new URL(
    `${origin}/.well-known/${name}${normalizeTarget(`${pathname === '/' ? '' : pathname}${search}`)}`,
  );
}
