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
const NEVER_ENCODED = /[A-Za-z0-9._~/\\\p{Cc}\p{Zl}\p{Zp}-]/u;

/** Dot segments, including those with path parameters or white space that some servers drop, and a leading `;`. */
const DOTS = /^\s*(?:\.{1,2}\s*(?:;|$)|;)/;

/** Double encoding, and the `%u` encoding of IIS. */
const ENCODED_AGAIN = /%(?:[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})/;

/** Solidus operators: code pages fold them to slashes, NFKC does not. */
const SOLIDUS = /[\u2044\u2215\u2216\u29F5\u29F8\u29F9]/;

/** Delimiters that a compatibility character must not normalise to (NFKC, UAX #15). */
const DELIMITERS = /^\.{1,2}$|[/\\%]/;

const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * Whether a path is in the one form that every server reads alike (RFC 3986 section 6.2.2): no empty segments but the
 * last, no dot segments, nothing encoded that needs not be, nothing encoded twice, and neither slashes, dots nor control
 * characters in disguise; percent-encoded bytes are UTF-8.
 */
export function isNormalPath(path: string): boolean {
  const [before, ...segments] = path.split('/');
  return before === '' && segments.length > 0 && segments.every(isNormalSegment);
}

function isNormalSegment(segment: string, index: number, { length }: readonly string[]): boolean {
  if (segment === '') return index === length - 1;
  if (!SEGMENT.test(segment) || DOTS.test(segment)) return false;
  const encoded = segment.match(ENCODED);
  return encoded === null || (encoded.every(mustBeEncoded) && isUnambiguous(decodeURIComponent(segment)));
}

/** Whether servers that decode again, normalise, or drop invisible characters still read the same segment. */
function isUnambiguous(segment: string): boolean {
  if (ENCODED_AGAIN.test(segment) || SOLIDUS.test(segment)) return false;
  const visible = segment.normalize('NFKC').replace(IGNORABLE, '');
  if (visible === '' || DOTS.test(visible)) return false;
  return !Array.from(segment).some((character) => {
    const folded = character.normalize('NFKC');
    return folded !== character && DELIMITERS.test(folded);
  });
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
