import type { RevocationEntry, RevocationFold } from '../revocation-store.js';
import { asList } from './as-list.js';

/** The value of an entry in Redis; its name stands apart. The scripts read and write the same. */
export function formatEntry({ issuedUpTo, expiresAt, owner = '', fold }: RevocationEntry): string {
  const value = `${issuedUpTo ?? ''}|${expiresAt}|${owner}`;
  return fold === undefined ? value : `${value}${FOLD}${formatFold(fold)}`;
}

/** No name in it has a separator. */
export function formatFold({ into, issuedUpTo }: RevocationFold): string {
  return [issuedUpTo, ...into.map(encodeURIComponent)].join(':');
}

/** Names and values in turn; a name whose value is no entry is skipped. */
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

/** The entries of one part of the hash, whose fields begin with a colon. */
export function parseFields(fields: unknown): readonly RevocationEntry[] {
  return parseEntries(asList(fields).map((part, index) => (index % 2 === 0 ? dropColon(part) : part)));
}

const FOLD = '|fold:';

function dropColon(field: unknown): string {
  return String(field).slice(1);
}
