/** Method and path of a request, for comparison with endpoint patterns. */
export interface EndpointRequest {
  readonly method: string;
  /** Path as received, without the query string. */
  readonly path: string;
}

/** Path segment of `pchar` characters (RFC 3986 §3.3), with upper-case hexadecimal digits. */
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*$/;

const ENCODED = /(?:%[0-9A-F]{2})+/g;

/** Characters that must not be encoded: unreserved characters (RFC 3986 §2.3), slashes, controls, line separators. */
const NEVER_ENCODED = /[A-Za-z0-9._~/\\\p{Cc}\p{Zl}\p{Zp}-]/u;

/** Dot segments, and a leading `;`. Matches path parameters and white space too, because some servers remove them. */
const DOTS = /^\s*(?:\.{1,2}\s*(?:;|$)|;)/;

/** Double encoding, and the `%u` encoding of IIS. */
const ENCODED_AGAIN = /%(?:[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})/;

/** Slash-like operators that some code pages map to slashes. NFKC does not map them. */
const SOLIDUS = /[\u2044\u2215\u2216\u29F5\u29F8\u29F9]/;

/** Delimiters that must not result from NFKC normalisation (UAX #15). */
const DELIMITERS = /^\.{1,2}$|[/\\%]/;

const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * Whether a path is normalised, so that all servers interpret it identically (RFC 3986 §6.2.2).
 *
 * A normalised path contains no dot segments, and only the last segment may be empty. The path has no unnecessary or
 * double encoding, and no encoded or compatibility forms of slashes, dots and control characters. Percent-encoded bytes
 * are valid UTF-8.
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

/** Whether a segment is the same on servers that decode twice, normalise Unicode or remove invisible characters. */
function isUnambiguous(segment: string): boolean {
  if (ENCODED_AGAIN.test(segment) || SOLIDUS.test(segment)) return false;
  const visible = segment.normalize('NFKC').replace(IGNORABLE, '');
  if (visible === '' || DOTS.test(visible)) return false;
  return !Array.from(segment).some((character) => {
    const folded = character.normalize('NFKC');
    return folded !== character && DELIMITERS.test(folded);
  });
}

/** Whether encoded bytes need encoding. Reject invalid UTF-8, such as overlong dots: servers decode it differently. */
function mustBeEncoded(encoded: string): boolean {
  try {
    return !NEVER_ENCODED.test(decodeURIComponent(encoded));
  } catch {
    return false;
  }
}

/**
 * Whether a pattern of the form `METHOD /path` allows a request. The method `*` matches every method. A segment `*`
 * matches one segment, or one or more segments at the end of the pattern. All other text must match exactly.
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
