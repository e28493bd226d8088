/** How a kind of directory describes people. */
export interface LdapSchema {
  readonly kind: 'openldap' | 'active-directory';
  readonly nameAttribute: string;
  readonly idAttribute: string;
  /** Whether the ID is a GUID in octets. Otherwise, it is a string. */
  readonly hasBinaryId: boolean;
  /** Class of people, and another condition if computers have this class too. */
  readonly personConditions: readonly (readonly [attribute: string, value: string])[];
  /** Matching rule that finds a member in nested groups. Absent if the server has none. */
  readonly nestedMemberRule?: string;
  /** Attributes that tell the state of the account. */
  readonly stateAttributes: readonly string[];
}

/** Matching rule `LDAP_MATCHING_RULE_IN_CHAIN` of Active Directory. */
const IN_CHAIN = '1.2.840.113556.1.4.1941';

export const SCHEMAS: Readonly<Record<LdapSchema['kind'], LdapSchema>> = {
  openldap: {
    kind: 'openldap',
    nameAttribute: 'uid',
    idAttribute: 'entryUUID',
    hasBinaryId: false,
    personConditions: [['objectClass', 'person']],
    stateAttributes: ['pwdAccountLockedTime', 'pwdReset', 'shadowExpire'],
  },
  'active-directory': {
    kind: 'active-directory',
    nameAttribute: 'sAMAccountName',
    idAttribute: 'objectGUID',
    hasBinaryId: true,
    personConditions: [
      ['objectClass', 'user'],
      ['objectCategory', 'person'],
    ],
    nestedMemberRule: IN_CHAIN,
    stateAttributes: ['userAccountControl', 'accountExpires', 'msDS-User-Account-Control-Computed'],
  },
};
