import type { Client } from 'ldapts';
import { type Condition, findEntries } from './find-entries.js';
import type { LdapSettings } from './ldap-options.js';
import { resultCodeOf } from './ldap-servers.js';
import { EntryError } from './read-entry.js';

/** Result codes `timeLimitExceeded`, `sizeLimitExceeded` and `adminLimitExceeded` (RFC 4511 §4.1.9). */
const LIMITS: ReadonlySet<number> = new Set([3, 4, 11]);

/**
 * Search the groups that have a member. Returns their distinguished names, or `undefined` if people have `memberOf` instead.
 *
 * @throws EntryError (as rejection) if the search exceeds a limit of the server, because the person has too many groups
 * @throws Error (as rejection) if the answer is incomplete
 */
export async function searchGroups(
  client: Client,
  dn: string,
  settings: LdapSettings,
): Promise<readonly string[] | undefined> {
  const { groups, schema } = settings;
  if (groups === undefined) return undefined;
  const { baseDn, memberAttribute } = groups;
  const rule = schema.nestedMemberRule;
  const member: Condition = rule === undefined ? [memberAttribute, dn] : [memberAttribute, dn, rule];
  // `1.1` requests no attributes (RFC 4511 §4.5.1.8).
  const search = { baseDn, conditions: [member], attributes: ['1.1'] };
  try {
    const found = await findEntries(client, search, settings);
    return Object.freeze(found.map((group) => group.dn));
  } catch (cause) {
    if (!LIMITS.has(resultCodeOf(cause) ?? 0)) throw cause;
    throw new EntryError(`The groups of a person exceed a limit of the server: raise it (${cause})`, {
      cause,
    });
  }
}
