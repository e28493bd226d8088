import type { LdapSettings } from '../../directory/ldap/ldap-options.js';
import { resultCodeOf } from '../../directory/ldap/ldap-servers.js';
import type { LdapConnection } from '../../directory/ldap/open-ldap-connection.js';
import type { LdapEntry } from '../../directory/ldap/read-entry.js';
import type { ServerCheck } from './server-check.js';

/** An attribute that the schema or the options need. */
export interface NeededAttribute {
  readonly attribute: string;
  /** Whether every person has it. */
  readonly isRequired: boolean;
  /** What to do if the server does not define it. `undefined` if the directory then works without it. */
  readonly ifUndefined?: string;
}

/** List the attributes of people that the service account must be able to read. */
export function neededAttributes({
  schema,
  groups,
  claims,
}: LdapSettings): readonly [NeededAttribute, ...NeededAttribute[]] {
  const isWindows = schema.kind === 'active-directory';
  const groupAttribute = {
    attribute: 'memberOf',
    isRequired: false,
    ifUndefined: 'load the overlay memberof, or pass --group-base-dn',
  };
  return [
    { attribute: schema.nameAttribute, isRequired: true, ifUndefined: 'pass another --name-attribute' },
    { attribute: schema.idAttribute, isRequired: true, ifUndefined: 'pass another --id-attribute' },
    ...schema.stateAttributes.map((attribute) => ({
      attribute,
      isRequired: isWindows && attribute !== 'accountExpires',
    })),
    ...(groups === undefined ? [groupAttribute] : []),
    ...Object.values(claims).map((attribute) => ({
      attribute,
      isRequired: false,
      ifUndefined: 'correct the attribute in --claim',
    })),
  ];
}

/** Check whether the service account can read an attribute, also if none of the people has it. Never rejects. */
export async function checkAttribute(
  client: LdapConnection['client'],
  { attribute, isRequired, ifUndefined }: NeededAttribute,
  people: readonly [LdapEntry, ...LdapEntry[]],
  { schema }: LdapSettings,
): Promise<ServerCheck> {
  const check = attribute;
  const grant = 'grant the service account the right to read it';
  const lacking = people.filter(
    (person) => person.first(attribute) === undefined && person.octets(attribute) === undefined,
  );
  if (lacking.length === 0) return { check, result: 'ok', detail: 'readable' };
  if (lacking.length < people.length) {
    if (!isRequired) return { check, result: 'ok', detail: 'readable' };
    const detail = `${lacking.length} of ${people.length} people do not have it and cannot sign in: add the attribute, or ${grant}`;
    return { check, result: 'warning', detail };
  }
  const answer = schema.kind === 'openldap' ? await compare(client, people[0].dn, attribute) : 'unknown';
  if (answer === 'undefined') {
    if (ifUndefined === undefined) return { check, result: 'ok', detail: 'the server does not define it' };
    const detail = `The server does not define it: ${ifUndefined}`;
    return { check, result: isRequired ? 'failed' : 'warning', detail };
  }
  if (isRequired || answer === 'forbidden')
    return { check, result: 'failed', detail: `The service account cannot read it: ${grant}` };
  return answer === 'allowed' && ifUndefined === undefined
    ? { check, result: 'ok', detail: 'readable, and none of the checked people has it' }
    : {
        check,
        result: 'warning',
        detail: `None of the checked people has it: add the attribute, or ${grant}`,
      };
}

/** Result codes of a comparison (RFC 4511 §4.1.9). */
const NO_SUCH_ATTRIBUTE = 16;
const UNDEFINED_ATTRIBUTE_TYPE = 17;
const NO_SUCH_OBJECT = 32;
const INSUFFICIENT_ACCESS_RIGHTS = 50;

/** Value that an attribute could have. OpenLDAP checks the syntax before the rights. */
function valueFor(attribute: string, dn: string): string {
  const values: Readonly<Record<string, string>> = {
    ...{ pwdAccountLockedTime: '20000101000000Z', pwdReset: 'TRUE', shadowExpire: '1', memberOf: dn },
    entryUUID: '00000000-0000-0000-0000-000000000000',
  };
  return values[attribute] ?? 'x';
}

/**
 * Compare an attribute that an entry lacks. OpenLDAP checks the rights first, so the answer tells whether the account could read the
 * attribute. A search does not: attributes without rights look absent.
 */
async function compare(
  client: LdapConnection['client'],
  dn: string,
  attribute: string,
): Promise<'allowed' | 'forbidden' | 'undefined' | 'unknown'> {
  try {
    await client.compare(dn, attribute, valueFor(attribute, dn));
    return 'allowed';
  } catch (failure) {
    const code = resultCodeOf(failure);
    if (code === NO_SUCH_ATTRIBUTE) return 'allowed';
    if (code === UNDEFINED_ATTRIBUTE_TYPE) return 'undefined';
    return code === INSUFFICIENT_ACCESS_RIGHTS || code === NO_SUCH_OBJECT ? 'forbidden' : 'unknown';
  }
}
