import { systemClock } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import type { Directory, DirectoryPerson, DirectorySignIn } from '../directory.js';
import { readAccountState } from './account-state.js';
import { type Condition, findEntries } from './find-entries.js';
import { type LdapDirectoryOptions, type LdapSettings, resolveLdapOptions } from './ldap-options.js';
import { createLdapPool, type LdapPool } from './ldap-pool.js';
import { formatObjectGuid, parseObjectGuid } from './object-guid.js';
import { closeLdapConnection, openLdapConnection } from './open-ldap-connection.js';
import { readBindRejection } from './read-bind-rejection.js';
import { type LdapEntry, readClaims } from './read-entry.js';

export type { Directory, DirectoryPerson, DirectorySignIn, PersonState } from '../directory.js';
export type { LdapDirectoryOptions, LdapGroupSearch, LdapUserAttributes } from './ldap-options.js';

/**
 * Create a directory of people on LDAP servers, such as OpenLDAP or Active Directory. It requires the package `ldapts`, and
 * connects on first use.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @throws Error if `caFile` cannot be read
 * @example
 * const corp = ldapDirectory({
 *   url: 'ldaps://ldap.example.com',
 *   bindDn: 'cn=passport-jwe,ou=services,dc=example,dc=com',
 *   bindPasswordFile: '/run/secrets/ldap-password',
 *   baseDn: 'ou=people,dc=example,dc=com',
 *   claims: { email: 'mail' },
 * });
 */
export function ldapDirectory(options: LdapDirectoryOptions): Directory {
  const settings = resolveLdapOptions(options);
  const pool = createLdapPool(settings);
  let isReady = false;

  /** Report every failure as an outage: only a complete answer tells that a person is absent. */
  const ask = async <Answer>(question: () => Promise<Answer>): Promise<Answer> => {
    try {
      const answer = await question();
      isReady = true;
      return answer;
    } catch (cause) {
      isReady = false;
      throw cause instanceof TemporarilyUnavailableError ? cause : new TemporarilyUnavailableError({ cause });
    }
  };

  const { nameAttribute, idAttribute, hasBinaryId } = settings.schema;
  const findByName = (name: string) => findPerson([nameAttribute, name], settings, pool);

  return Object.freeze({
    findByName: (name: string) => (name === '' ? Promise.resolve(undefined) : ask(() => findByName(name))),
    findById(id: string) {
      const value = hasBinaryId ? parseObjectGuid(id) : id;
      if (value === undefined || value === '') return Promise.resolve(undefined);
      return ask(() => findPerson([idAttribute, value], settings, pool));
    },
    authenticate: async (name: string, password: string): Promise<DirectorySignIn> => {
      // A bind without a password would succeed as an anonymous bind (RFC 4513 §5.1.2).
      if (name === '' || password === '') return { kind: 'rejected', reason: 'password' };
      return ask(async () => {
        const person = await findByName(name);
        if (person === undefined) return { kind: 'rejected', reason: 'unknown' };
        return checkPassword(person, password, { settings, pool });
      });
    },
    isReady: () => isReady,
    close: () => pool.close(),
  });
}

/** Find the only person who fulfils a condition. */
async function findPerson(
  condition: Condition,
  settings: LdapSettings,
  pool: LdapPool,
): Promise<DirectoryPerson | undefined> {
  const { schema, baseDn, claims } = settings;
  const { nameAttribute, idAttribute, stateAttributes, personConditions } = schema;
  const attributes = [nameAttribute, idAttribute, 'memberOf', ...stateAttributes, ...Object.values(claims)];
  const search = { baseDn, conditions: [...personConditions, condition], attributes };
  return pool.run(async (client) => {
    const [entry, ...others] = await findEntries(client, search, settings);
    if (entry === undefined) return undefined;
    if (others.length > 0) {
      throw new Error(`Several people have the same ${condition[0]}: make it unique, or narrow baseDn`);
    }
    const id = readId(entry, settings);
    const name = entry.first(nameAttribute);
    if (id === undefined || name === undefined) {
      throw new Error(
        `The service account cannot read ${idAttribute} or ${nameAttribute}: grant it the right to read them`,
      );
    }
    const groups = await findGroups(client, entry, settings);
    const state = readAccountState(entry, schema, systemClock());
    return Object.freeze({ id, dn: entry.dn, name, state, groups, claims: readClaims(entry, claims) });
  });
}

function readId(entry: LdapEntry, { schema }: LdapSettings): string | undefined {
  if (!schema.hasBinaryId) return entry.first(schema.idAttribute);
  const octets = entry.octets(schema.idAttribute);
  return octets && formatObjectGuid(octets);
}

type ClientOf = Parameters<Parameters<LdapPool['run']>[0]>[0];

/** Find the groups of a person by search, or read `memberOf`. */
async function findGroups(
  client: ClientOf,
  entry: LdapEntry,
  settings: LdapSettings,
): Promise<readonly string[]> {
  const { groups, schema } = settings;
  if (groups === undefined) return Object.freeze(entry.all('memberOf'));
  const { baseDn, memberAttribute } = groups;
  const rule = schema.nestedMemberRule;
  const member: Condition =
    rule === undefined ? [memberAttribute, entry.dn] : [memberAttribute, entry.dn, rule];
  // `1.1` requests no attributes (RFC 4511 §4.5.1.8).
  const found = await findEntries(client, { baseDn, conditions: [member], attributes: ['1.1'] }, settings);
  return Object.freeze(found.map(({ dn }) => dn));
}

/** Check a password on a separate connection. The state of the account is told only to those who know the password. */
async function checkPassword(
  person: DirectoryPerson,
  password: string,
  { settings, pool }: { readonly settings: LdapSettings; readonly pool: LdapPool },
): Promise<DirectorySignIn> {
  const rejected = await pool.tryServers(async (server) => {
    try {
      closeLdapConnection(await openLdapConnection(server, settings, { dn: person.dn, password }));
      return undefined;
    } catch (failure) {
      const rejection = readBindRejection(failure);
      if (rejection === undefined) throw failure;
      return rejection;
    }
  });
  if (rejected !== undefined) return { kind: 'rejected', reason: rejected };
  return person.state === 'active'
    ? { kind: 'authenticated', person }
    : { kind: 'rejected', reason: person.state };
}
