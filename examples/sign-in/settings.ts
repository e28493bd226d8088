import { type LdapDirectoryOptions, normalizeDn } from 'passport-jwe/ldap';

/** Directory of people, with the group that determines their scope. */
export interface DirectorySettings {
  readonly ldap: LdapDirectoryOptions;
  /** Distinguished name of the group whose members may read documents. */
  readonly staffGroup: string;
}

/** Settings of the three servers. */
export interface ServerSettings {
  /** URL of the authorization server, without path. It is the value of `iss` in tokens. */
  readonly issuer: string;
  /** URL of the API. It is the audience of access tokens. */
  readonly api: string;
  /** URL of the browser application. */
  readonly app: string;
  /** Attempts per person in 15 minutes, from all addresses together. Keep it below the lockout of the directory. */
  readonly attemptsPerPerson: number;
  /** Attempts per client address in 15 minutes. */
  readonly attemptsPerAddress: number;
  /** Minimum duration of a sign-in that fails, in milliseconds. Keep it above the duration of a password check. */
  readonly minFailureMs: number;
  /** Whether one reverse proxy in front of the servers sets `X-Forwarded-For` and `X-Forwarded-Proto`. */
  readonly behindProxy: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Explanation for a start without a directory. */
export const HELP = `No directory of people. Either set one:

  LDAP_URL                 for example ldaps://ldap.example.com
  LDAP_BIND_DN             DN of the service account
  LDAP_BIND_PASSWORD_FILE  file with its password, mode 0600
  LDAP_BASE_DN             for example ou=people,dc=example,dc=com
  LDAP_STAFF_GROUP         DN of the group whose members may read documents
  LDAP_CA_FILE             optional: certificates of the authority that signed the certificate of the server
  LDAP_SCHEMA              optional: openldap (default) or active-directory

Or install slapd for the demo directory: apt-get install slapd ldap-utils`;

/** @throws Error if a variable is malformed */
export function readServerSettings(environment: Environment): ServerSettings {
  return {
    issuer: readUrl(environment, 'ISSUER_URL', 'http://127.0.0.1:3000'),
    api: readUrl(environment, 'API_URL', 'http://127.0.0.1:3001'),
    app: readUrl(environment, 'APP_URL', 'http://127.0.0.1:3002'),
    attemptsPerPerson: readCount(environment, 'ATTEMPTS_PER_PERSON', 4),
    attemptsPerAddress: readCount(environment, 'ATTEMPTS_PER_ADDRESS', 20),
    minFailureMs: readCount(environment, 'MIN_FAILURE_MS', 500),
    behindProxy: environment['BEHIND_PROXY'] === 'true',
  };
}

/**
 * Read the settings of the directory. Returns `undefined` if none is set.
 *
 * @throws Error if a variable is missing or malformed
 */
export function readDirectorySettings(environment: Environment): DirectorySettings | undefined {
  if (!Object.keys(environment).some((name) => name.startsWith('LDAP_'))) return undefined;
  const { LDAP_SCHEMA: schema = 'openldap', LDAP_CA_FILE: caFile } = environment;
  if (schema !== 'openldap' && schema !== 'active-directory') {
    throw new Error('LDAP_SCHEMA must be openldap or active-directory');
  }
  return {
    ldap: {
      url: readRequired(environment, 'LDAP_URL'),
      bindDn: readRequired(environment, 'LDAP_BIND_DN'),
      bindPasswordFile: readRequired(environment, 'LDAP_BIND_PASSWORD_FILE'),
      baseDn: readRequired(environment, 'LDAP_BASE_DN'),
      schema,
      claims: { name: 'cn', email: 'mail' },
      ...(caFile === undefined ? {} : { caFile }),
    },
    staffGroup: readDn(environment, 'LDAP_STAFF_GROUP'),
  };
}

function readRequired(environment: Environment, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new Error(`${name} is required\n\n${HELP}`);
  return value;
}

function readDn(environment: Environment, name: string): string {
  const value = readRequired(environment, name);
  if (normalizeDn(value) !== undefined) return value;
  throw new Error(`${name} must be a DN, for example cn=staff,ou=groups,dc=example,dc=com`);
}

/** Browsers and tokens compare origins exactly, so a path or a final slash is an error. */
function readUrl(environment: Environment, name: string, fallback: string): string {
  const value = environment[name] ?? fallback;
  if (URL.canParse(value) && /^https?:/.test(value) && new URL(value).origin === value) return value;
  throw new Error(`${name} must be an http: or https: URL without path, for example ${fallback}`);
}

function readCount(environment: Environment, name: string, fallback: number): number {
  const value = Number(environment[name] ?? fallback);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${name} must be a positive integer, for example ${fallback}`);
}
