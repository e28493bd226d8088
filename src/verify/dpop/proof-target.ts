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

/** Scheme and authority of a URL, or of a request target in absolute form (RFC 9112 §3.2.2). */
const ORIGIN = /^https?:\/\/[^/?#]*/i;

const QUERY_OR_FRAGMENT = /[?#]/;

/**
 * Create a matcher of `htu`. Both URLs are compared after normalization of the origin and the percent-encoding (RFC 3986
 * §6.2.2, §6.2.3). Dot segments are not removed, because routers do not remove them either.
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
    const found = pathOf(htu, origin);
    if (found === undefined) return false;
    const expected = prefix + targetPathOf(req.originalUrl ?? req.url ?? '');
    return found === expected || normalizeTarget(found) === normalizeTarget(expected);
  };
}

function isPlain(text: string, { protocol, username, password }: URL): boolean {
  const isHttp = protocol === 'https:' || protocol === 'http:';
  return isHttp && username === '' && password === '' && !hasQueryOrFragment(text);
}

/** Return the path of a URL, or `undefined` if it has a different origin. */
function pathOf(htu: string, origin: string): string | undefined {
  const [written] = ORIGIN.exec(htu) ?? [];
  if (written === undefined) return undefined;
  if (written !== origin && (written.includes('@') || parseUrl(written)?.origin !== origin)) return undefined;
  return cutPath(htu.slice(written.length));
}

/** Return the path of a request target. The authority of the absolute form is ignored, as `Host` is. */
function targetPathOf(target: string): string {
  return cutPath(target.startsWith('/') ? target : target.replace(ORIGIN, ''));
}

function cutPath(target: string): string {
  const end = target.search(QUERY_OR_FRAGMENT);
  const path = end === -1 ? target : target.slice(0, end);
  return path === '' ? '/' : path;
}
