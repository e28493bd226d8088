import { isPrintableName } from '../base/printable-name.js';

/** Path of a node in a document: field names and list indexes, starting at the root. */
export type DocumentPath = readonly (string | number)[];

/** Fields whose names are longer than printable names. */
const LONG_FIELDS: ReadonlySet<string> = new Set([
  ...['self_signed_tls_client_auth', 'tls_client_certificate_bound_access_tokens'],
]);

/** Format a path for messages, such as `models[0].endpoint`. Replace a name that may be a secret with `<name>`. */
export function formatPath(path: DocumentPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const isShown = isPrintableName(part) || LONG_FIELDS.has(part) || part === '__proto__';
    const name = isShown ? part : '<name>';
    return text === '' ? name : `${text}.${name}`;
  }, '');
}
