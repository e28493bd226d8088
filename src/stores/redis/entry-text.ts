import type { RevocationEntry, RevocationFold } from '../revocation-store.js';
import { asList } from './as-list.js';

/** Formats the value of an entry, without its name. The Lua scripts use the same format. */
export function formatEntry({ issuedUpTo, expiresAt, owner = '', fold }: RevocationEntry): string {
  const value = `${issuedUpTo ?? ''}|${expiresAt}|${owner}`;
  return fold === undefined ? value : `${value}${FOLD}${formatFold(fold)}`;
}

/** Encodes the names, so that none contains a separator. */
export function formatFold({ into, issuedUpTo }: RevocationFold): string {
  return [issuedUpTo, ...into.map(encodeURIComponent)].join(':');
}

/** Parses alternating names and values. Skips values that are not entries. */
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

/** Parses a part of the hash, whose fields begin with a colon. */
export function parseFields(fields: unknown): readonly RevocationEntry[] {
  return parseEntries(asList(fields).map((part, index) => (index % 2 === 0 ? dropColon(part) : part)));
}

const FOLD = '|fold:';

function dropColon(field: unknown): string {
  return String(field).slice(1);
}
