import { isJsonObject } from '../../base/json.js';
import type { VaultClient } from './vault-client.js';
import { awaitUntil, readCredential, type VaultCredential } from './vault-credential.js';
import { keepRenewed } from './vault-lease.js';

/** Token lifecycle of a key source. */
export interface VaultLogin {
  /**
   * Return the current token.
   *
   * @throws Error (as rejection) if no token is available before the signal aborts.
   */
  token(signal: AbortSignal): Promise<string>;
  /** Return a new token to replace a rejected one, or `undefined` if there is none. */
  replace(refused: string, signal: AbortSignal): Promise<string | undefined>;
  /** Stop the renewal, and revoke the token if the source created it. */
  close(): Promise<void>;
}

/** Settings common to all login methods. */
export interface VaultLoginSetting {
  readonly client: VaultClient;
  /** Timeout of a request in milliseconds. */
  readonly timeoutMs: number;
}

/** Log in with a given token. The source renews a string; the provider of a function renews its tokens. */
export function loginByToken(token: VaultCredential, setting: VaultLoginSetting): VaultLogin {
  return typeof token === 'string' ? givenToken(token, setting) : writtenToken(token);
}

function writtenToken(write: () => string | Promise<string>): VaultLogin {
  const read = (signal: AbortSignal) => readCredential(write, 'The Vault token', signal);
  return {
    token: read,
    async replace(refused, signal) {
      const token = await read(signal);
      return token === refused ? undefined : token;
    },
    close: async () => undefined,
  };
}

function givenToken(given: string, { client, timeoutMs }: VaultLoginSetting): VaultLogin {
  let lookup: Promise<void> | undefined;
  let endRenewal = (): void => undefined;
  let isClosed = false;

  /**
   * Look up the lease of the token, and start its renewal. Ignore errors, which occur again when the keys are read.
   * If the lookup fails, a later request retries it.
   */
  const learnLease = async (token: string): Promise<void> => {
    const signal = AbortSignal.timeout(timeoutMs);
    const request = { method: 'GET', path: 'auth/token/lookup-self', token, signal } as const;
    const answer = await client.send(request).catch(() => undefined);
    if (answer === undefined || answer.status >= 429) lookup = undefined;
    const { ttl, renewable } = isJsonObject(answer?.body['data']) ? answer.body['data'] : {};
    if (typeof ttl !== 'number' || renewable !== true || isClosed) return;
    const lease = { token, seconds: ttl, isRenewable: true };
    endRenewal = keepRenewed({ client, lease, timeoutMs, onEnd: () => undefined });
  };

  return {
    async token(signal) {
      const token = await readCredential(given, 'The Vault token', signal);
      lookup ??= learnLease(token);
      await awaitUntil(signal, lookup, client.name);
      return token;
    },
    replace: async () => undefined,
    async close() {
      isClosed = true;
      endRenewal();
    },
  };
}
