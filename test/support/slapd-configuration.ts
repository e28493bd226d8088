import type { IssuedCertificate } from './certificate-authority.js';

export const SUFFIX = 'dc=example,dc=com';
export const PEOPLE = `ou=people,${SUFFIX}`;
export const GROUPS = `ou=groups,${SUFFIX}`;
export const SERVICE_DN = `cn=service,${SUFFIX}`;
export const SERVICE_PASSWORD = 'password of the service account';
export const ADMIN_DN = `cn=admin,${SUFFIX}`;
export const ADMIN_PASSWORD = 'password of the administrator';

export interface SlapdSettings {
  /** Default: a server without TLS. */
  readonly certificate?: IssuedCertificate;
  /** More entries in LDIF. */
  readonly entries?: string;
  /** More lines of slapd.conf for the whole server. */
  readonly globals?: string;
  /** Rules of access that precede those of the database. */
  readonly access?: string;
  /** More lines of slapd.conf for the database. */
  readonly database?: string;
}

/** LDIF of the entries that each server has. */
export const BASE = `dn: ${SUFFIX}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ${PEOPLE}
objectClass: organizationalUnit
ou: people

dn: ${GROUPS}
objectClass: organizationalUnit
ou: groups

dn: ${SERVICE_DN}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: service
userPassword: ${SERVICE_PASSWORD}

dn: cn=policy,${SUFFIX}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
pwdLockoutDuration: 3600
`;

/** Text of slapd.conf for a server with its files in a directory. */
export function configureSlapd(
  directory: string,
  { certificate, globals = '', access = '', database = '' }: SlapdSettings,
): string {
  const tls =
    certificate === undefined
      ? ''
      : `TLSCertificateFile ${certificate.certFile}\nTLSCertificateKeyFile ${certificate.keyFile}\n`;
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile ${directory}/pid
allow bind_anon_cred
${tls}${globals}
database mdb
suffix ${SUFFIX}
rootdn ${ADMIN_DN}
rootpw "${ADMIN_PASSWORD}"
directory ${directory}/data
dbnosync
maxsize 33554432
index uid,entryUUID,member eq
${access}
access to attrs=userPassword by anonymous auth
access to * by dn.exact="${SERVICE_DN}" read
${database}
overlay memberof
memberof-refint TRUE
overlay ppolicy
ppolicy_default cn=policy,${SUFFIX}
`;
}
