import type { JsonObject } from '../../base/json.js';

/** Values of an entry as ldapts returns them. */
type Values = Buffer | Buffer[] | string | string[];

/** The directory answered, but the entries of one person are unusable. */
export class EntryError extends Error {}

/** An entry of a directory. Names of attributes are compared without case (RFC 4512 §2.5). */
export interface LdapEntry {
  readonly dn: string;
  /** All values of an attribute that are text. */
  all(attribute: string): readonly string[];
  /** First value of an attribute. */
  first(attribute: string): string | undefined;
  /** First value of an attribute in octets. */
  octets(attribute: string): Buffer | undefined;
}

/** Option of an attribute of which Active Directory returned only a part (MS-ADTS §3.1.1.3.1.3.3). */
const RANGE = /;range=/i;

/**
 * Wrap an entry of ldapts.
 *
 * @throws EntryError if the server returned only a part of the values of an attribute
 */
export function readEntry(entry: { readonly dn: string } & Readonly<Record<string, Values>>): LdapEntry {
  const partial = Object.keys(entry).find((name) => RANGE.test(name));
  if (partial !== undefined) {
    throw new EntryError(
      `The directory returned only a part of ${partial}: remove the attribute from the options`,
    );
  }
  const attributes = new Map<string, readonly (Buffer | string)[]>(
    Object.entries(entry).map(([name, values]) => [name.toLowerCase(), [values].flat()]),
  );
  const valuesOf = (attribute: string) => attributes.get(attribute.toLowerCase()) ?? [];
  const all = (attribute: string) => valuesOf(attribute).filter((value) => typeof value === 'string');
  return {
    dn: entry.dn,
    all,
    first: (attribute) => all(attribute)[0],
    octets: (attribute) => valuesOf(attribute).find((value) => Buffer.isBuffer(value)),
  };
}

/** Read the claims of a person from the attributes of an allow-list. A claim without values is omitted. */
export function readClaims(entry: LdapEntry, allowed: Readonly<Record<string, string>>): JsonObject {
  const claims = Object.entries(allowed).flatMap(([claim, attribute]) => {
    const values = entry.all(attribute);
    const [first] = values;
    return first === undefined ? [] : [[claim, values.length === 1 ? first : Object.freeze(values)] as const];
  });
  return Object.freeze(Object.fromEntries(claims));
}
