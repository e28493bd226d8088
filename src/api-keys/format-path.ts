import { isPrintableName } from '../base/printable-name.js';

/** Path of a node in a document: field names and list indexes, starting at the root. */
export type DocumentPath = readonly (string | number)[];

/** Format a path for messages, such as `models[0].endpoint`. Replace a name that may be a secret with `<name>`. */
export function formatPath(path: DocumentPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = isPrintableName(part) || part === '__proto__' ? part : '<name>';
    return text === '' ? name : `${text}.${name}`;
  }, '');
}
