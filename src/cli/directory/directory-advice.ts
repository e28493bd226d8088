import { nameOfFailure } from '../../base/name-of-failure.js';
import type { LdapServer } from '../../directory/ldap/resolve-servers.js';

/** What to do about a result code (RFC 4511 §4.1.9). */
const ADVICE: Readonly<Record<number, string>> = {
  3: 'raise the time limit of the service account',
  4: 'raise the size limit of the service account',
  8: 'use an ldaps URL or --start-tls, because the server requires encryption',
  10: 'pass an entry that this server has as --base-dn, because referrals are not followed',
  11: 'raise the limits of the service account',
  13: 'use an ldaps URL or --start-tls, because the server requires encryption',
  32: 'check --base-dn and --group-base-dn, and grant the service account the right to search them',
  34: 'check the spelling of the distinguished names',
  48: 'allow the service account to bind with a password',
  49: 'check --bind-dn and the content of --bind-password-file',
  50: 'grant the service account the right to search and read',
  51: 'retry later, because the server is busy',
  52: 'retry later, because the server is unavailable',
  53: 'check the policy of the server for this account',
};

/** Advise on an error that a server answered. */
export function adviseOnResult(code: number | undefined): string {
  return ADVICE[code ?? 0] ?? 'check the server log';
}

const UNTRUSTED = new Set([
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_SIGNATURE_FAILURE'],
]);

/** Advise on a failed TLS handshake, by the error codes of Node.js. */
export function adviseOnCertificate(failure: unknown, { security, port }: LdapServer): string {
  const code = nameOfFailure(failure);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'use a host name of the certificate in --url';
  if (code === 'CERT_HAS_EXPIRED') return 'renew the server certificate';
  if (code === 'CERT_NOT_YET_VALID') return 'check the clock and the server certificate';
  if (UNTRUSTED.has(code)) return 'pass the CA certificate as --ca-file';
  return security === 'start-tls'
    ? `check whether the server offers StartTLS on port ${port}`
    : `check whether the server offers LDAPS on port ${port}`;
}
