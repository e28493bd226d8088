/** A request as an endpoint pattern looks at it. */
export interface EndpointRequest {
  readonly method: string;
  /** As it was received, without the query. */
  readonly path: string;
}

/** `pchar` of RFC 3986 section 3.3, hexadecimal digits in upper case. */
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*$/;

const ENCODED = /(?:%[0-9A-F]{2})+/g;

/** What needs no encoding (RFC 3986 section 2.3), and what would end a segment, or a string, once it is decoded. */
const NEVER_ENCODED = /[A-Za-z0-9._~/\\\p{Cc}-]/u;

/** Some servers take what follows a semicolon for a parameter, and remove it before they look at dots. */
const DOTS = /^\.{1,2}(?:;|$)/;

/**
 * Whether a path is in the one form that every server reads alike (RFC 3986 section 6.2.2): no empty segments but the
 * last, no dot segments, nothing encoded that needs not be, and neither slashes nor control characters in disguise; what
 * is encoded is UTF-8.
 */
export function isNormalPath(path: string): boolean {
  const [before, ...segments] = path.split('/');
  return before === '' && segments.length > 0 && segments.every(isNormalSegment);
}

function isNormalSegment(segment: string, index: number, { length }: readonly string[]): boolean {
  if (segment === '') return index === length - 1;
  if (!SEGMENT.test(segment) || DOTS.test(segment)) return false;
  return (segment.match(ENCODED) ?? []).every(mustBeEncoded);
}

/** Bytes that are no UTF-8, such as the overlong forms of dots and slashes, are read differently by each who reads them. */
function mustBeEncoded(encoded: string): boolean {
  try {
    return !NEVER_ENCODED.test(decodeURIComponent(encoded));
  } catch {
    return false;
  }
}

/**
 * Whether a pattern `METHOD /path` allows a request. The method may be `*`; a segment `*` stands for any one segment,
 * and as the last one for all that lies beneath. Everything else is compared character by character.
 */
export function matchesEndpoint(pattern: string, { method, path }: EndpointRequest): boolean {
  const [allowedMethod, allowedPath = ''] = pattern.split(' ');
  if (allowedMethod !== '*' && allowedMethod !== method) return false;
  const allowed = allowedPath.split('/');
  const present = path.split('/');
  const isOpen = allowed.at(-1) === '*';
  if (isOpen ? present.length < allowed.length : present.length !== allowed.length) return false;
  return allowed.every((segment, index) =>
    segment === '*' ? present[index] !== '' : segment === present[index],
  );
}
