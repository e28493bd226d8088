import type { Client, Control, Filter, SearchOptions, SearchResult } from 'ldapts';
import type { LdapSettings } from './ldap-options.js';
import { resultCodeOf } from './ldap-servers.js';
import { LDAP_TIMEOUT_MS, loadLdapts } from './open-ldap-connection.js';
import { type LdapEntry, readEntry } from './read-entry.js';

/** Condition of a search. Values are sent as octets, so they cannot extend the filter. */
export type Condition = readonly [attribute: string, value: Buffer | string, rule?: string];

export interface EntrySearch {
  readonly baseDn: string;
  /** Conditions that an entry must fulfil, all of them. */
  readonly conditions: readonly Condition[];
  readonly attributes: readonly string[];
}

/** Number of entries of a page. */
const PAGE_SIZE = 500;

/** Control `LDAP_SERVER_DOMAIN_SCOPE` of Active Directory: no references to other domains. */
const DOMAIN_SCOPE = '1.2.840.113556.1.4.1339';

/** Result code `sizeLimitExceeded` (RFC 4511 §4.1.9). */
const SIZE_LIMIT_EXCEEDED = 4;

/**
 * Find all entries that fulfil the conditions.
 *
 * @throws Error (as rejection) if the answer is incomplete: an error, a limit, or a reference to another server
 */
export async function findEntries(
  client: Client,
  search: EntrySearch,
  settings: SearchSettings,
): Promise<readonly LdapEntry[]> {
  const isWindows = settings.schema.kind === 'active-directory';
  // No size limit: ldapts would hide that a server exceeded one.
  const options = await createOptions(search, settings);
  const control = await createControl(settings);
  const results: SearchResult[] = [];
  try {
    results.push(await client.search(search.baseDn, options, control));
  } catch (failure) {
    // OpenLDAP limits all pages together, and Active Directory each page.
    if (!isWindows || resultCodeOf(failure) !== SIZE_LIMIT_EXCEEDED) throw failure;
    const paged = { ...options, paged: { pageSize: PAGE_SIZE } };
    for await (const page of client.searchPaginated(search.baseDn, paged, control))
      results.push(assertNotEmpty(page));
  }
  return results.flatMap(readResult);
}

/**
 * Find some of the entries that fulfil the conditions.
 *
 * @throws Error (as rejection) if the search fails, or the answer contains a reference to another server
 */
export async function sampleEntries(
  client: Client,
  search: EntrySearch,
  settings: SearchSettings,
  sizeLimit: number,
): Promise<readonly LdapEntry[]> {
  const options = { ...(await createOptions(search, settings)), sizeLimit };
  return readResult(await client.search(search.baseDn, options, await createControl(settings)));
}

type SearchSettings = Pick<LdapSettings, 'schema'>;

async function createOptions(
  { conditions, attributes }: EntrySearch,
  { schema }: SearchSettings,
): Promise<SearchOptions> {
  return {
    ...{ scope: 'sub', derefAliases: 'never', timeLimit: LDAP_TIMEOUT_MS / 1000 },
    filter: await createFilter(conditions),
    attributes: [...attributes],
    explicitBufferAttributes: schema.hasBinaryId ? [schema.idAttribute] : [],
  };
}

async function createControl({ schema }: SearchSettings): Promise<Control | undefined> {
  if (schema.kind !== 'active-directory') return undefined;
  const { Control } = await loadLdapts();
  return new Control(DOMAIN_SCOPE, { critical: false });
}

async function createFilter(conditions: readonly Condition[]): Promise<Filter> {
  const { AndFilter, EqualityFilter, ExtensibleFilter } = await loadLdapts();
  const filters = conditions.map(([attribute, value, rule]): Filter => {
    if (rule === undefined) return new EqualityFilter({ attribute, value });
    return new ExtensibleFilter({ matchType: attribute, rule, value: String(value) });
  });
  return new AndFilter({ filters });
}

/** Assert that a page has entries. ldapts stops at a page without any, although others may follow. */
function assertNotEmpty(page: SearchResult): SearchResult {
  if (page.searchEntries.length === 0) throw new Error('The directory returned an empty page');
  return page;
}

function readResult({ searchEntries, searchReferences }: SearchResult): readonly LdapEntry[] {
  if (searchReferences.length > 0) {
    throw new Error('The directory refers to another server: set baseDn to an entry that this server has');
  }
  return searchEntries.map(readEntry);
}
