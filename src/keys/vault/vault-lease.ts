import type { JsonValue } from '../../base/json.js';
import { isJsonObject } from '../../base/json.js';
import type { VaultClient } from './vault-client.js';

/** Lease of a token, as returned by a login, renewal or lookup. */
export interface VaultLease {
  readonly token: string;
  /** Remaining lifetime in seconds; 0 for a token that does not expire. */
  readonly seconds: number;
  readonly isRenewable: boolean;
}

export interface LeaseRenewal {
  readonly client: VaultClient;
  readonly lease: VaultLease;
  /** Timeout of a request in milliseconds. */
  readonly timeoutMs: number;
  /** Called once, shortly before the lease expires, if it cannot be renewed or the server shortened it. */
  readonly onEnd: () => void;
}

/** Share of the lease after which the token is renewed. The remaining time allows retries. */
const RENEW_AT_SHARE = 2 / 3;

/** If the server shortens a lease below this share, the token is close to its maximum lifetime. */
const CUT_SHARE = 1 / 2;

const LONGEST_DELAY_SECONDS = 86_400;
const LONGEST_RETRY_SECONDS = 30;
const SHORTEST_DELAY_SECONDS = 0.1;

/** Read the lease in `auth` of a response. Return `undefined` if `auth` is malformed. */
export function readLease(auth: JsonValue | undefined): VaultLease | undefined {
  const { client_token: token, lease_duration: seconds, renewable } = isJsonObject(auth) ? auth : {};
  if (typeof token !== 'string' || typeof seconds !== 'number') return undefined;
  return { token, seconds, isRenewable: renewable === true };
}

/**
 * Renew a renewable token before it expires. Retry during an outage. Does not keep the process
 * alive.
 *
 * @returns a function that stops the renewal.
 */
export function keepRenewed({ client, lease, timeoutMs, onEnd }: LeaseRenewal): () => void {
  let { seconds } = lease;
  let longest = seconds;
  let timer: NodeJS.Timeout | undefined;
  let isEnded = seconds === 0;

  const schedule = (delaySeconds: number): void => {
    const delay = Math.min(LONGEST_DELAY_SECONDS, Math.max(SHORTEST_DELAY_SECONDS, delaySeconds));
    if (!isEnded) timer = setTimeout(() => void renew(), delay * 1000).unref();
  };
  const end = (): void => {
    if (!isEnded) onEnd();
    isEnded = true;
  };
  const renew = async (): Promise<void> => {
    if (!lease.isRenewable) return end();
    const answer = await client
      .send({
        method: 'POST',
        path: 'auth/token/renew-self',
        token: lease.token,
        body: {},
        signal: AbortSignal.timeout(timeoutMs),
      })
      .catch(() => undefined);
    if (answer === undefined || answer.status >= 429) {
      return schedule(Math.min(LONGEST_RETRY_SECONDS, seconds / 10));
    }
    const renewed = answer.status === 200 ? readLease(answer.body['auth']) : undefined;
    if (renewed === undefined || renewed.seconds < longest * CUT_SHARE) return end();
    seconds = renewed.seconds;
    longest = Math.max(longest, seconds);
    schedule(seconds * RENEW_AT_SHARE);
  };

  schedule(seconds * RENEW_AT_SHARE);
  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}
