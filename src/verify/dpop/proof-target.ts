import { hasQueryOrFragment } from '../../base/has-query-or-fragment.js';
import { parseUrl } from '../../base/parse-url.js';
import { normalizeTarget } from '../../http/normalize-target.js';

/** Request target of a request, with the member of Express that mounted routers do not change. */
export interface TargetedRequest {
  readonly url?: string | undefined;
  readonly originalUrl?: string;
}

/** Returns whether `htu` of a proof is the URL of a request, without query and fragment (RFC 9449 §4.3). */
export type TargetMatcher = (htu: string, req: TargetedRequest) => boolean;

/** Scheme and authority of a request target in absolute form (RFC 9112 §3.2.2). */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

const QUERY_OR_FRAGMENT = /[?#]/;

/**
 * Create a matcher of `htu`. Unless both URLs are equal, they are compared after normalization (RFC 3986 §6.2.2, §6.2.3).
 * Dot segments are removed from `htu` only, because routers do not remove them from request targets either.
 *
 * @param baseUrl URL of the server as its clients see it, with the prefix that a proxy removes from the path
 * @param name function and option, for the error message
 * @throws TypeError if `baseUrl` is not an absolute http or https URL, or has a query, fragment or credentials
 */
export function createTargetMatcher(baseUrl: unknown, name: string): TargetMatcher {
  const url = parseUrl(baseUrl);
  if (typeof baseUrl !== 'string' || url === undefined || !isPlain(baseUrl, url)) {
    throw new TypeError(
      `${name} must be an absolute URL without credentials, query and fragment, for example "https://api.example.com"`,
    );
  }
  const { origin } = url;
  const prefix = url.pathname.replace(/\/+$/, '');

  return (htu, req) => {
    const path = prefix + targetPathOf(req.originalUrl ?? req.url ?? '');
    return htu === origin + path || isEquivalent(htu, origin, path) || isPrefix(htu, path);
  };

  /** A proxy removes the prefix, so the target of the URL of the prefix itself is `/`. */
  function isPrefix(htu: string, path: string): boolean {
    return prefix !== '' && path === `${prefix}/` && isEquivalent(htu, origin, prefix);
  }
}

function isPlain(text: string, { protocol, username, password }: URL): boolean {
  const isHttp = protocol === 'https:' || protocol === 'http:';
  return isHttp && username === '' && password === '' && !hasQueryOrFragment(text);
}

/** Whether a URL has the origin and, after normalization, the path. */
function isEquivalent(htu: string, origin: string, path: string): boolean {
  const url = parseUrl(htu);
  if (url === undefined || url.origin !== origin || url.username !== '' || url.password !== '') return false;
  return normalizeTarget(url.pathname) === normalizeTarget(path);
}

/** Return the path of a request target. The authority of the absolute form is ignored, as `Host` is. */
function targetPathOf(target: string): string {
  const relative = target.startsWith('/') ? target : target.replace(ORIGIN, '');
  const end = relative.search(QUERY_OR_FRAGMENT);
  const path = end === -1 ? relative : relative.slice(0, end);
  return path === '' ? '/' : path;
}
