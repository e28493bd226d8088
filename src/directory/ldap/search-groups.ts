import type { Client } from 'ldapts';
import { type Condition, findEntries } from './find-entries.js';
import type { LdapSettings } from './ldap-options.js';

/**
 * Search the groups that have a member. Returns their distinguished names, or `undefined` if people have `memberOf` instead.
 *
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
  const found = await findEntries(client, { baseDn, conditions: [member], attributes: ['1.1'] }, settings);
  return Object.freeze(found.map((group) => group.dn));
}
