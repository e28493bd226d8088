/** Keys of an element, in lower case, as Envoy writes them. */
const KEYS: ReadonlySet<string> = new Set(['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns']);

/** A key, its value with or without quotes, and the separator after it. */
const PAIR = /[ \t]*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;]*))([,;]|$)/y;

/**
 * Parse the header `X-Forwarded-Client-Cert` of Envoy. Return the last element, which the proxy itself has added. Earlier
 * elements can come from the client.
 *
 * Envoy does not quote URIs and DNS names, so a comma in a certificate looks like the start of another element. Without a
 * trusted issuer, such a header is ambiguous: the client chooses the names in its certificate.
 *
 * @param isVerified whether the proxy rejects certificates that no trusted authority has issued
 * @returns values by key in lower case, or `undefined` if the header is malformed, ambiguous or repeats `Hash` or `Cert`
 */
export function parseXfcc(header: string, isVerified: boolean): ReadonlyMap<string, string> | undefined {
  let element = new Map<string, string>();
  for (let position = 0; position < header.length; position = PAIR.lastIndex) {
    PAIR.lastIndex = position;
    const [, name, quoted, plain = '', separator] = PAIR.exec(header) ?? [];
    const key = name?.toLowerCase() ?? '';
    if (!KEYS.has(key)) return undefined;
    const isRepeated = element.has(key) && (key === 'hash' || key === 'cert');
    if (isRepeated) return undefined;
    element.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
    if (separator === '') return element;
    if (separator !== ',') continue;
    if (!isVerified && (element.has('uri') || element.has('dns'))) return undefined;
    element = new Map();
  }
  return undefined;
}
