import { isPrintableName } from '../base/printable-name.js';

/** Names of members and indexes of items, from the document down. */
export type DocumentPath = readonly (string | number)[];

/** Formats a path for messages, such as `models[0].endpoint`. A name that could be a secret becomes `<name>`. */
export function formatPath(path: DocumentPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = isPrintableName(part) || part === '__proto__' ? part : '<name>';
    return text === '' ? name : `${text}.${name}`;
  }, '');
}
