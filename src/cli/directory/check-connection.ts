import type { LdapSettings } from '../../directory/ldap/ldap-options.js';
import { resultCodeOf } from '../../directory/ldap/ldap-servers.js';
import {
  type ConnectionStage,
  type LdapConnection,
  openLdapConnection,
} from '../../directory/ldap/open-ldap-connection.js';
import type { LdapServer } from '../../directory/ldap/resolve-servers.js';
import { createServiceCredentials } from '../../directory/ldap/service-credentials.js';
import { adviseOnCertificate, adviseOnResult } from './directory-advice.js';
import { failedCheck, type ServerCheck } from './server-check.js';

/** Checks of a connection. The last check failed if there is no connection. */
export interface ConnectionChecks {
  readonly checks: readonly ServerCheck[];
  readonly connection?: LdapConnection;
}

/** Check the connection to one server: the password file, TCP, TLS, and the bind of the service account. Never rejects. */
export async function checkConnection(server: LdapServer, settings: LdapSettings): Promise<ConnectionChecks> {
  const stages = new Set<ConnectionStage>();
  let hasPassword = false;
  const reached = (): readonly ServerCheck[] => [
    ...(hasPassword ? [passed('password file', 'readable only by this user')] : []),
    ...(stages.has('connected') ? [passed('connection', `${server.host} port ${server.port}`)] : []),
    ...(stages.has('encrypted') ? [passed('TLS', 'the certificate is valid for the host')] : []),
  ];
  const isSecure = server.security !== 'none';

  const explain = (failure: unknown): ServerCheck => {
    if (!hasPassword) return failedCheck('password file', failure);
    if (!stages.has('connected'))
      return failedCheck('connection', failure, 'check the host, the port, the server and the firewall');
    if (isSecure && !stages.has('encrypted'))
      return failedCheck('TLS', failure, adviseOnCertificate(failure, server));
    return failedCheck('bind', failure, adviseOnResult(resultCodeOf(failure)));
  };

  try {
    const connection = await createServiceCredentials(settings).use((credentials) => {
      hasPassword = true;
      return openLdapConnection(server, settings, credentials, (stage) => stages.add(stage));
    });
    return { checks: [...reached(), passed('bind', settings.bindDn)], connection };
  } catch (failure) {
    return { checks: [...reached(), explain(failure)] };
  }
}

function passed(check: string, detail: string): ServerCheck {
  return { check, result: 'ok', detail };
}
