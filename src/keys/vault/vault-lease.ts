import type { JsonValue } from '../../base/json.js';
import { isJsonObject } from '../../base/json.js';
import type { VaultClient } from './vault-client.js';

/** How long a token lives, as a login, a renewal or a look at it tells. */
export interface VaultLease {
  readonly token: string;
  /** 0 for one without an end. */
  readonly seconds: number;
  readonly isRenewable: boolean;
}

export interface LeaseRenewal {
  readonly client: VaultClient;
  readonly lease: VaultLease;
  /** Longest wait for an answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Called once, where the lease cannot be prolonged, or no longer by much; it has some time left then. */
  readonly onEnd: () => void;
}

/** Of the lease, when it is renewed. What is left is for further tries. */
const RENEW_AT_SHARE = 2 / 3;

/** A token whose lease the server cuts to less than this share is about to reach its maximum. */
const CUT_SHARE = 1 / 2;

const LONGEST_DELAY_SECONDS = 86_400;
const LONGEST_RETRY_SECONDS = 30;
const SHORTEST_DELAY_SECONDS = 0.1;

/** Reads `auth` of an answer; `undefined` where it is none. */
export function readLease(auth: JsonValue | undefined): VaultLease | undefined {
  const { client_token: token, lease_duration: seconds, renewable } = isJsonObject(auth) ? auth : {};
  if (typeof token !== 'string' || typeof seconds !== 'number') return undefined;
  return { token, seconds, isRenewable: renewable === true };
}

/**
 * Renews a token ahead of its end, as long as it can be; an outage is waited out. It keeps no process alive.
 * @returns what ends it.
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
