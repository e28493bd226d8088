import type { Client, Filter } from 'ldapts';
import type { LdapSettings } from './ldap-options.js';
import { loadLdapts } from './open-ldap-connection.js';
import { type LdapEntry, readEntry } from './read-entry.js';

/** Condition of a search. Values are sent as octets, so they cannot extend the filter. */
export type Condition = readonly [attribute: string, value: Buffer | string, rule?: string];

export interface EntrySearch {
  readonly baseDn: string;
  /** Conditions that an entry must fulfil, all of them. */
  readonly conditions: readonly Condition[];
  readonly attributes: readonly string[];
}

/** Number of entries of a page. Active Directory returns at most 1000 without pages. */
const PAGE_SIZE = 500;

/** Control `LDAP_SERVER_DOMAIN_SCOPE` of Active Directory: no references to other domains. */
const DOMAIN_SCOPE = '1.2.840.113556.1.4.1339';

/**
 * Find all entries that fulfil the conditions.
 *
 * @throws Error (as rejection) if the answer is incomplete: an error, a limit, or a reference to another server
 */
export async function findEntries(
  client: Client,
  { baseDn, conditions, attributes }: EntrySearch,
  { schema }: Pick<LdapSettings, 'schema'>,
): Promise<readonly LdapEntry[]> {
  const { AndFilter, Control, EqualityFilter, ExtensibleFilter } = await loadLdapts();
  const filters = conditions.map(([attribute, value, rule]): Filter => {
    if (rule === undefined) return new EqualityFilter({ attribute, value });
    return new ExtensibleFilter({ matchType: attribute, rule, value: String(value) });
  });
  const isWindows = schema.kind === 'active-directory';
  const binary = schema.hasBinaryId ? [schema.idAttribute] : [];
  // No size limit: ldapts would hide that a server exceeded one.
  const { searchEntries, searchReferences } = await client.search(
    baseDn,
    {
      ...{ scope: 'sub', derefAliases: 'never', filter: new AndFilter({ filters }) },
      ...{ attributes: [...attributes], explicitBufferAttributes: binary, paged: { pageSize: PAGE_SIZE } },
    },
    isWindows ? new Control(DOMAIN_SCOPE, { critical: false }) : undefined,
  );
  if (searchReferences.length > 0) {
    throw new Error('The directory refers to another server: set baseDn to an entry that this server has');
  }
  return searchEntries.map(readEntry);
}
