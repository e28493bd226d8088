import type { RevocationEntry, RevocationFold } from '../revocation-store.js';
import { asList } from './as-list.js';

/** Serialize an entry without its name. The Lua scripts use the same format. */
export function formatEntry({ issuedUpTo, expiresAt, owner = '', fold }: RevocationEntry): string {
  const value = `${issuedUpTo ?? ''}|${expiresAt}|${owner}`;
  return fold === undefined ? value : `${value}${FOLD}${formatFold(fold)}`;
}

/** Serialize the replacements of an entry. Percent-encodes their names, which may contain separators. */
export function formatFold({ into, issuedUpTo }: RevocationFold): string {
  return [issuedUpTo, ...into.map(encodeURIComponent)].join(':');
}

/** Parse alternating names and values. Skip malformed values. */
export function parseEntries(fields: readonly unknown[]): readonly RevocationEntry[] {
  const found: RevocationEntry[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const match = /^([^|]*)\|([^|]+)\|(.*?)(?:\|fold:([^|:]+):([^|]+))?$/s.exec(String(fields[index + 1]));
    if (match === null) continue;
    const [, cutOff = '', expiresAt, owner = '', upTo, names] = match;
    found.push({
      name: String(fields[index]),
      ...(cutOff === '' ? {} : { issuedUpTo: Number(cutOff) }),
      expiresAt: Number(expiresAt),
      ...(owner === '' ? {} : { owner }),
      ...(names === undefined
        ? {}
        : { fold: { into: names.split(':').map(decodeURIComponent), issuedUpTo: Number(upTo) } }),
    });
  }
  return found;
}

/** Parse alternating fields and values of the entry hash. A field is a colon, followed by the name. */
export function parseFields(fields: unknown): readonly RevocationEntry[] {
  return parseEntries(asList(fields).map((part, index) => (index % 2 === 0 ? dropColon(part) : part)));
}

const FOLD = '|fold:';

function dropColon(field: unknown): string {
  return String(field).slice(1);
}
