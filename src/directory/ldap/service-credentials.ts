import { readPrivateFile } from '../../base/read-private-file.js';
import type { LdapSettings } from './ldap-options.js';
import { resultCodeOf } from './ldap-servers.js';
import type { LdapCredentials } from './open-ldap-connection.js';
import { INVALID_CREDENTIALS } from './read-bind-rejection.js';

/** Credentials of the service account. */
export interface ServiceCredentials {
  /**
   * Bind with the password that the file contains now.
   *
   * @throws Error (as rejection) if the file cannot be read, other users can read it, or the bind fails
   */
  use<Result>(bind: (credentials: LdapCredentials) => Promise<Result>): Promise<Result>;
}

/** Time for which a rejected password is not sent again, in milliseconds. Many attempts would lock the service account. */
const REJECTED_MS = 10_000;

export function createServiceCredentials({
  bindDn,
  bindPasswordFile,
}: Pick<LdapSettings, 'bindDn' | 'bindPasswordFile'>): ServiceCredentials {
  let rejected:
    | { readonly fingerprint: string; readonly until: number; readonly failure: unknown }
    | undefined;
  return {
    async use(bind) {
      const { text, fingerprint } = await readPrivateFile({ file: bindPasswordFile });
      if (rejected?.fingerprint === fingerprint && rejected.until > performance.now()) throw rejected.failure;
      const password = text.replace(/\r?\n$/, '');
      if (password === '') throw new Error(`${bindPasswordFile} is empty: write the password into it`);
      try {
        return await bind({ dn: bindDn, password });
      } catch (failure) {
        const isRejected = resultCodeOf(failure) === INVALID_CREDENTIALS;
        rejected = isRejected ? { fingerprint, until: performance.now() + REJECTED_MS, failure } : undefined;
        throw failure;
      }
    },
  };
}
