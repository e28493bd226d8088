/** Percent-encoded octets, and characters that RFC 3986 allows in neither a path nor a query. */
const ENCODED_OR_ILLEGAL = /%([0-9a-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?]/gi;

const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * Normalize a path with an optional query, so that equivalent spellings are equal strings. Decodes percent-encoded
 * unreserved characters, writes all other percent-encodings in upper case, and encodes illegal characters.
 *
 * @param target path of a URL or of a request. Characters from U+0080 to U+00FF are octets, as in `req.url`.
 * @see RFC 3986 §6.2.2
 */
export function normalizeTarget(target: string): string {
  return target.replace(ENCODED_OR_ILLEGAL, (found, octet: string | undefined) => {
    if (octet === undefined) return encode(found);
    const character = String.fromCharCode(Number.parseInt(octet, 16));
    return UNRESERVED.test(character) ? character : found.toUpperCase();
  });
}

function encode(character: string): string {
  const octet = character.charCodeAt(0).toString(16).toUpperCase();
  return octet.length > 2 ? character : `%${octet.padStart(2, '0')}`;
}
