import { systemClock } from '../../base/clock.js';
import { deadline } from '../../base/deadline.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import type { Directory, DirectoryPerson, DirectorySignIn } from '../directory.js';
import { PROBE_ID } from '../probe-id.js';
import { readAccountState } from './account-state.js';
import { type Condition, findEntries } from './find-entries.js';
import { type LdapDirectoryOptions, type LdapSettings, resolveLdapOptions } from './ldap-options.js';
import { createLdapPool, type LdapPool } from './ldap-pool.js';
import { isUnavailableServer, resultCodeOf } from './ldap-servers.js';
import { formatObjectGuid, parseObjectGuid } from './object-guid.js';
import { LDAP_TIMEOUT_MS, openLdapConnection } from './open-ldap-connection.js';
import { type Rejection, readBindRejection } from './read-bind-rejection.js';
import { EntryError, type LdapEntry, readClaims } from './read-entry.js';
import { searchGroups } from './search-groups.js';

export type { Directory, DirectoryPerson, DirectorySignIn, PersonState } from '../directory.js';
export { normalizeDn } from '../normalize-dn.js';
export type { LdapDirectoryOptions, LdapGroupSearch, LdapUserAttributes } from './ldap-options.js';

/** Maximum length of names, IDs and passwords. */
const MAX_LENGTH = 256;

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

  const timeoutMs = LDAP_TIMEOUT_MS * settings.servers.length;
  const timedOut = (): never => {
    throw new Error(`The directory did not answer within ${timeoutMs} ms`);
  };

  /** Report every failure as an outage: only a complete answer tells that a person is absent. */
  const ask = async <Answer>(question: () => Promise<Answer>): Promise<Answer> => {
    try {
      const answer = await deadline(question(), timeoutMs, timedOut);
      isReady = true;
      return answer;
    } catch (cause) {
      isReady = cause instanceof EntryError;
      throw cause instanceof TemporarilyUnavailableError ? cause : new TemporarilyUnavailableError({ cause });
    }
  };

  const { nameAttribute, idAttribute, hasBinaryId } = settings.schema;
  const findByName = (name: string) => findPerson([nameAttribute, name], settings, pool);
  const findById = async (id: string) => {
    const value = hasBinaryId ? parseObjectGuid(id) : id;
    return value === undefined ? undefined : findPerson([idAttribute, value], settings, pool);
  };

  /**
   * Search people and groups, with few or no results. A load balancer sends no requests to an instance that is not ready, so no
   * other request would succeed.
   */
  const probe = async (): Promise<undefined> => {
    await findById(PROBE_ID);
    await pool.run((client) => searchGroups(client, settings.bindDn, settings));
  };
  const find = (id: string) => (id === PROBE_ID ? probe() : findById(id));

  let isProbing = false;
  const startProbe = async (): Promise<void> => {
    if (isProbing) return;
    isProbing = true;
    await ask(probe).catch(() => {});
    isProbing = false;
  };

  const checkPassword = async (person: DirectoryPerson, password: string): Promise<DirectorySignIn> => {
    const rejection = await bindPerson(person, password, settings, pool);
    if (rejection !== undefined) {
      return { kind: 'rejected', reason: explainRejection(rejection, person, settings) };
    }
    // OpenLDAP removes an expired lockout when the next bind succeeds.
    const current = person.state === 'locked' ? await findById(person.id) : person;
    if (current === undefined) return { kind: 'rejected', reason: 'unknown' };
    return current.state === 'active'
      ? { kind: 'authenticated', person: current }
      : { kind: 'rejected', reason: current.state };
  };

  return Object.freeze({
    findByName: async (name: string) => (isName(name) ? ask(() => findByName(name)) : undefined),
    findById: async (id: string) => (isName(id) ? ask(() => find(id)) : undefined),
    authenticate: async (name: string, password: string): Promise<DirectorySignIn> => {
      if (!isName(name)) return { kind: 'rejected', reason: 'unknown' };
      if (!isPassword(password)) return { kind: 'rejected', reason: 'password' };
      return ask(async () => {
        const person = await findByName(name);
        return person === undefined
          ? { kind: 'rejected', reason: 'unknown' }
          : checkPassword(person, password);
      });
    },
    isReady() {
      if (!isReady) void startProbe();
      return isReady;
    },
    close: () => pool.close(),
  });
}

/** Whether a value can be a name or an ID. Servers close connections that send very long ones. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH;
}

/**
 * Whether a value can be a password. A bind without one would succeed as an anonymous bind (RFC 4513 §5.1.2), also if a form
 * has no such field and the value is `undefined`. A server that ends strings at NUL could take a password with NUL for an
 * empty one.
 */
function isPassword(value: unknown): value is string {
  return isName(value) && !value.includes('\0');
}

/** Find the only person who fulfils a condition. */
async function findPerson(
  condition: Condition,
  settings: LdapSettings,
  pool: LdapPool,
): Promise<DirectoryPerson | undefined> {
  const { schema, baseDn, claims } = settings;
  const { nameAttribute, idAttribute, stateAttributes, personConditions } = schema;
  const attributes = new Set([nameAttribute, idAttribute, ...stateAttributes, ...Object.values(claims)]);
  if (settings.groups === undefined) attributes.add('memberOf');
  const search = { baseDn, conditions: [...personConditions, condition], attributes: [...attributes] };
  return pool.run(async (client) => {
    const [entry, ...others] = await findEntries(client, search, settings);
    if (entry === undefined) return undefined;
    if (others.length > 0) {
      throw new EntryError(`Several people have the same ${condition[0]}: make it unique, or narrow baseDn`);
    }
    const id = readId(entry, settings);
    const name = entry.first(nameAttribute);
    if (id === undefined || name === undefined) {
      throw new EntryError(
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
  const found = await searchGroups(client, entry.dn, settings);
  if (found !== undefined) return found;
  if (entry.octets('memberOf') !== undefined) throw new EntryError('memberOf must be UTF-8');
  return Object.freeze(entry.all('memberOf'));
}

/** Bind as a person on a separate connection. Returns why the server rejected the bind. */
async function bindPerson(
  { dn }: DirectoryPerson,
  password: string,
  settings: LdapSettings,
  { tryInOrder }: LdapPool,
): Promise<Rejection | undefined> {
  return tryInOrder(async (server) => {
    try {
      const connection = await openLdapConnection(server, settings, { dn, password });
      void connection.close();
      return undefined;
    } catch (failure) {
      const rejection = readBindRejection(failure);
      if (rejection !== undefined) return rejection;
      const isAnswer = resultCodeOf(failure) !== undefined && !isUnavailableServer(failure);
      throw isAnswer ? new EntryError('The directory cannot bind the person', { cause: failure }) : failure;
    }
  });
}

/** OpenLDAP rejects every password of a locked account, and does not tell why. */
function explainRejection(
  rejection: Rejection,
  { state }: DirectoryPerson,
  { schema }: LdapSettings,
): Rejection {
  const isLocked = state === 'locked' || state === 'disabled';
  return schema.kind === 'openldap' && rejection === 'password' && isLocked ? state : rejection;
}
