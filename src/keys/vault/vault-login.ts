import { isJsonObject } from '../../base/json.js';
import type { VaultClient } from './vault-client.js';
import { awaitUntil, readCredential, type VaultCredential } from './vault-credential.js';
import { keepRenewed } from './vault-lease.js';

/** The token of one source, from where it comes to its end. */
export interface VaultLogin {
  /** @throws Error where there is none to be had before the signal. */
  token(signal: AbortSignal): Promise<string>;
  /** Another token in the place of one that was refused; `undefined` where there is no other. */
  replace(refused: string, signal: AbortSignal): Promise<string | undefined>;
  /** Ends the renewal, and revokes a token that was made here. */
  close(): Promise<void>;
}

/** What every kind of login needs. */
export interface VaultLoginSetting {
  readonly client: VaultClient;
  /** Longest wait for an answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** A token that somebody else made. One from a function is renewed by whoever writes it, one given as text is renewed here. */
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

  /** What it cannot learn now it asks again; a server that is away, or refuses the token, says so when the key is read. */
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
