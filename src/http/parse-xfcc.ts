/** Keys of an element, in lower case, as Envoy writes them. */
const KEYS: ReadonlySet<string> = new Set(['by', 'hash', 'cert', 'chain', 'subject', 'uri', 'dns']);

/** A key, its value with or without quotes, and the separator after it. */
const PAIR = /[ \t]*([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;]*))([,;]|$)/y;

/**
 * Parse the header `X-Forwarded-Client-Cert` of Envoy. Return the last element, which the proxy itself has added. Earlier
 * elements can come from the client.
 *
 * @returns values by key in lower case, or `undefined` if the header is malformed or repeats `Hash` or `Cert`
 */
export function parseXfcc(header: string): ReadonlyMap<string, string> | undefined {
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
    if (separator === ',') element = new Map();
  }
  return undefined;
}
