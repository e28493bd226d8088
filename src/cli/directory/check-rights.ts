import { type EntrySearch, sampleEntries } from '../../directory/ldap/find-entries.js';
import type { LdapSettings } from '../../directory/ldap/ldap-options.js';
import { resultCodeOf } from '../../directory/ldap/ldap-servers.js';
import type { LdapConnection } from '../../directory/ldap/open-ldap-connection.js';
import type { LdapEntry } from '../../directory/ldap/read-entry.js';
import { searchGroups } from '../../directory/ldap/search-groups.js';
import { checkAttribute, neededAttributes } from './check-attribute.js';
import { adviseOnResult } from './directory-advice.js';
import { failedCheck, type ServerCheck } from './server-check.js';

/** Number of people whose attributes are checked, and of people whose groups are searched. */
const SAMPLED_PEOPLE = 20;
const SAMPLED_MEMBERS = 5;

/** Check the rights of the service account on people, their attributes and their groups. Never rejects. */
export async function checkRights(
  client: LdapConnection['client'],
  settings: LdapSettings,
): Promise<readonly ServerCheck[]> {
  const needed = neededAttributes(settings);
  const search: EntrySearch = {
    baseDn: settings.baseDn,
    conditions: settings.schema.personConditions,
    attributes: needed.map(({ attribute }) => attribute),
  };
  let people: readonly LdapEntry[];
  try {
    people = await sampleEntries(client, search, settings, SAMPLED_PEOPLE);
  } catch (failure) {
    return [failedCheck('base DN', failure, adviseOnResult(resultCodeOf(failure)))];
  }
  const base: ServerCheck = { check: 'base DN', result: 'ok', detail: settings.baseDn };
  const [first, ...others] = people;
  if (first === undefined) {
    const advice = 'check --base-dn and --schema, and grant the service account the right to search people';
    return [base, failedCheck('people', 'No people were found', advice)];
  }
  const checks: ServerCheck[] = [
    base,
    { check: 'people', result: 'ok', detail: `checked the attributes of ${people.length}` },
  ];
  for (const each of needed) checks.push(await checkAttribute(client, each, [first, ...others], settings));
  if (settings.groups !== undefined) checks.push(await checkGroups(client, people, settings));
  return checks;
}

async function checkGroups(
  client: LdapConnection['client'],
  people: readonly LdapEntry[],
  settings: LdapSettings,
): Promise<ServerCheck> {
  const check = 'groups';
  try {
    for (const { dn } of people.slice(0, SAMPLED_MEMBERS)) {
      const found = await searchGroups(client, dn, settings);
      if (found !== undefined && found.length > 0)
        return { check, result: 'ok', detail: 'groups were found' };
    }
  } catch (failure) {
    return failedCheck(check, failure, adviseOnResult(resultCodeOf(failure)));
  }
  const advice =
    'check --group-base-dn and --member-attribute, and grant the service account the right to search groups';
  return { check, result: 'warning', detail: `No groups of the checked people were found: ${advice}` };
}
