import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  assertObject,
  assertOptions,
  assertPositiveInteger,
  assertString,
  type KnownOptions,
} from '../../base/options.js';
import { RESERVED_CLAIMS } from '../../token/claims/claims-set.js';
import { normalizeDn } from '../normalize-dn.js';
import { type LdapSchema, SCHEMAS } from './ldap-schema.js';
import { type LdapServer, resolveServers, WHERE } from './resolve-servers.js';

/** Options of `ldapDirectory()`. */
export interface LdapDirectoryOptions {
  /**
   * URL of the server, or of several servers in the order in which they are tried: `ldaps://host`, or `ldap://host` with
   * `startTls`. Only a server on loopback can be used without TLS.
   */
  readonly url: string | readonly string[];
  /**
   * Whether connections to `ldap:` URLs are upgraded to TLS before anything is sent.
   *
   * @default false
   * @see RFC 4513 §3
   */
  readonly startTls?: boolean;
  /**
   * PEM file of the certificate authorities that sign the certificates of the servers. Read at construction.
   *
   * @default undefined (the authorities of Node.js)
   */
  readonly caFile?: string;
  /** Distinguished name of the service account that searches. It needs no right to write. */
  readonly bindDn: string;
  /** File of its password, with mode 0600. A line break at the end is ignored. Read for each connection. */
  readonly bindPasswordFile: string;
  /** Entry below which people are searched, for example `ou=people,dc=example,dc=com`. */
  readonly baseDn: string;
  /**
   * Kind of directory, which sets the defaults of `userAttributes` and `groups`.
   *
   * @default 'openldap'
   */
  readonly schema?: 'openldap' | 'active-directory';
  /** Attributes of people that differ from those of the schema. */
  readonly userAttributes?: LdapUserAttributes;
  /**
   * Search for the groups of a person, for servers whose people have no `memberOf`, or whose groups contain groups.
   *
   * @default the attribute `memberOf` of OpenLDAP; for Active Directory, a search below `baseDn` that includes nested groups
   */
  readonly groups?: LdapGroupSearch;
  /**
   * Attributes that become claims of tokens, by claim, for example `{ email: 'mail' }`. A single value becomes a string, several
   * values an array. No other attribute leaves the directory.
   *
   * @default {} (no claims)
   */
  readonly claims?: Readonly<Record<string, string>>;
  /**
   * Maximum number of connections for searches. Each password check opens a separate connection.
   *
   * @default 4
   */
  readonly maxConnections?: number;
}

/** Attributes of people. */
export interface LdapUserAttributes {
  /**
   * Name with which people sign in.
   *
   * @default 'uid' ('sAMAccountName' in Active Directory)
   */
  readonly name?: string;
  /**
   * Immutable ID of the entry.
   *
   * @default 'entryUUID' ('objectGUID' in Active Directory)
   */
  readonly id?: string;
}

/** Where to search for groups. */
export interface LdapGroupSearch {
  /** Entry below which groups are searched, for example `ou=groups,dc=example,dc=com`. */
  readonly baseDn: string;
  /**
   * Attribute of a group that contains the distinguished names of its members.
   *
   * @default 'member'
   */
  readonly memberAttribute?: string;
}

/** Validated options, with defaults applied. */
export interface LdapSettings
  extends Required<
    Pick<LdapDirectoryOptions, 'bindDn' | 'bindPasswordFile' | 'baseDn' | 'claims' | 'maxConnections'>
  > {
  readonly servers: readonly LdapServer[];
  readonly ca: string | undefined;
  readonly schema: LdapSchema;
  readonly groups: Required<LdapGroupSearch> | undefined;
}

const KNOWN: KnownOptions<LdapDirectoryOptions> = {
  ...{ url: true, startTls: true, caFile: true, bindDn: true, bindPasswordFile: true, baseDn: true },
  ...{ schema: true, userAttributes: true, groups: true, claims: true, maxConnections: true },
};
const KNOWN_ATTRIBUTES: KnownOptions<LdapUserAttributes> = { name: true, id: true };
const KNOWN_GROUPS: KnownOptions<LdapGroupSearch> = { baseDn: true, memberAttribute: true };

const DEFAULT_CONNECTIONS = 4;
const ATTRIBUTE = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
/** Attributes that contain passwords or their hashes, in lower case. */
const SECRETS = new Set(
  [
    ...['userPassword', 'authPassword', 'pwdHistory', 'krbPrincipalKey'],
    ...['sambaNTPassword', 'sambaLMPassword', 'sambaPasswordHistory'],
    ...['unicodePwd', 'dBCSPwd', 'ntPwdHistory', 'lmPwdHistory', 'supplementalCredentials'],
    ...['ms-Mcs-AdmPwd', 'msLAPS-Password', 'msDS-ManagedPassword'],
  ].map((attribute) => attribute.toLowerCase()),
);

/**
 * Validate the options of `ldapDirectory()`.
 *
 * @throws TypeError if an option is missing, unknown or malformed, or a connection would be without TLS
 * @throws Error if `caFile` cannot be read
 */
export function resolveLdapOptions(options: LdapDirectoryOptions): LdapSettings {
  assertOptions(options, KNOWN, 'ldapDirectory');
  const { bindDn, bindPasswordFile, baseDn, claims = {}, maxConnections = DEFAULT_CONNECTIONS } = options;
  assertDn(bindDn, 'bindDn', 'cn=passport-jwe,dc=example,dc=com');
  assertDn(baseDn, 'baseDn', 'ou=people,dc=example,dc=com');
  assertString(bindPasswordFile, WHERE, 'bindPasswordFile', '/run/secrets/ldap-password');
  assertPositiveInteger(maxConnections, WHERE, 'maxConnections', DEFAULT_CONNECTIONS);
  const schema = resolveSchema(options);
  return {
    ...{ bindDn, bindPasswordFile, baseDn, maxConnections, schema },
    servers: resolveServers(options),
    ca: readAuthorities(options),
    claims: resolveClaims(claims),
    groups: resolveGroups(options.groups, schema, baseDn),
  };
}

function readAuthorities({ caFile }: LdapDirectoryOptions): string | undefined {
  if (caFile === undefined) return undefined;
  assertString(caFile, WHERE, 'caFile', '/etc/ssl/certs/corp-ca.pem');
  const ca = readFileSync(caFile, 'utf8');
  try {
    new X509Certificate(ca);
  } catch {
    throw new TypeError(
      `${WHERE}: caFile must contain certificates in PEM format, for example "-----BEGIN CERTIFICATE-----"`,
    );
  }
  return ca;
}

function resolveSchema({ schema = 'openldap', userAttributes = {} }: LdapDirectoryOptions): LdapSchema {
  if (!Object.hasOwn(SCHEMAS, schema)) {
    throw new TypeError(`${WHERE}: schema must be "openldap" or "active-directory"`);
  }
  assertOptions(userAttributes, KNOWN_ATTRIBUTES, 'ldapDirectory: userAttributes');
  const { name, id } = userAttributes;
  for (const [option, attribute] of Object.entries({ name, id })) {
    if (attribute !== undefined) assertAttribute(attribute, `userAttributes.${option}`);
  }
  const known = SCHEMAS[schema];
  const idAttribute = id?.toLowerCase() === known.idAttribute.toLowerCase() ? known.idAttribute : id;
  return {
    ...known,
    nameAttribute: name ?? known.nameAttribute,
    idAttribute: idAttribute ?? known.idAttribute,
    hasBinaryId: known.hasBinaryId && (idAttribute ?? known.idAttribute) === known.idAttribute,
  };
}

function resolveGroups(
  groups: LdapGroupSearch | undefined,
  { nestedMemberRule }: LdapSchema,
  baseDn: string,
): Required<LdapGroupSearch> | undefined {
  if (groups === undefined)
    return nestedMemberRule === undefined ? undefined : { baseDn, memberAttribute: 'member' };
  assertOptions(groups, KNOWN_GROUPS, 'ldapDirectory: groups');
  const { memberAttribute = 'member' } = groups;
  assertDn(groups.baseDn, 'groups.baseDn', 'ou=groups,dc=example,dc=com');
  assertAttribute(memberAttribute, 'groups.memberAttribute');
  return { baseDn: groups.baseDn, memberAttribute };
}

function resolveClaims(claims: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  assertObject(claims, `${WHERE}: claims`, '{ email: "mail" }');
  for (const [claim, attribute] of Object.entries(claims)) {
    assertAttribute(attribute, 'claims');
    if (RESERVED_CLAIMS.has(claim)) {
      throw new TypeError(
        `${WHERE}: claims must not contain the reserved claim ${claim}: choose a different name`,
      );
    }
  }
  return Object.freeze({ ...claims });
}

function assertAttribute(attribute: unknown, option: string): asserts attribute is string {
  if (typeof attribute !== 'string' || !ATTRIBUTE.test(attribute))
    throw new TypeError(`${WHERE}: ${option} must name an attribute of LDAP, for example "mail"`);
  if (SECRETS.has(attribute.toLowerCase()))
    throw new TypeError(`${WHERE}: ${option} must not contain passwords: remove the attribute ${attribute}`);
}

function assertDn(dn: unknown, option: string, example: string): asserts dn is string {
  if (typeof dn === 'string' && normalizeDn(dn) !== undefined) return;
  throw new TypeError(`${WHERE}: ${option} must be a distinguished name, for example "${example}"`);
}
