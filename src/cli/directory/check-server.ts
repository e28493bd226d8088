import { deadline } from '../../base/deadline.js';
import type { LdapSettings } from '../../directory/ldap/ldap-options.js';
import { LDAP_TIMEOUT_MS } from '../../directory/ldap/open-ldap-connection.js';
import type { LdapServer } from '../../directory/ldap/resolve-servers.js';
import { checkConnection } from './check-connection.js';
import { checkRights } from './check-rights.js';
import { failedCheck, type ServerCheck } from './server-check.js';

/** Maximum time of all searches on one server, in milliseconds. */
const SEARCHES_MS = 5 * LDAP_TIMEOUT_MS;

/** Check one server of a directory, as if it were the only one. Never rejects. */
export async function checkServer(
  server: LdapServer,
  settings: LdapSettings,
): Promise<readonly ServerCheck[]> {
  const { checks, connection } = await checkConnection(server, settings);
  if (connection === undefined) return checks;
  try {
    const timedOut = (): readonly ServerCheck[] => {
      const failure = `The server did not answer all searches within ${SEARCHES_MS} ms`;
      return [failedCheck('searches', failure, 'check its load, and the index of each attribute')];
    };
    return [...checks, ...(await deadline(checkRights(connection.client, settings), SEARCHES_MS, timedOut))];
  } finally {
    await connection.close();
  }
}
