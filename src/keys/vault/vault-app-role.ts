import { createSingleFlight } from '../../base/single-flight.js';
import { describeStatus } from './vault-client.js';
import { awaitUntil, readCredential, type VaultCredential } from './vault-credential.js';
import { keepRenewed, readLease, type VaultLease } from './vault-lease.js';
import type { VaultLogin, VaultLoginSetting } from './vault-login.js';

/** AppRole credentials. The key source creates, renews and revokes tokens with them. */
export interface VaultAppRole {
  readonly roleId: string;
  readonly secretId: VaultCredential;
  /** Mount path of the auth method. */
  readonly mount: string;
}

/** Timeout for revoking a token, in milliseconds. */
const REVOKE_TIMEOUT_MS = 2000;

/**
 * Log in by AppRole on first use, and again if the token is rejected or can no longer be renewed. Concurrent callers
 * share one login.
 */
export function loginByAppRole(role: VaultAppRole, setting: VaultLoginSetting): VaultLogin {
  const { client, timeoutMs } = setting;
  let lease: VaultLease | undefined;
  let endRenewal = (): void => undefined;
  let isClosed = false;

  const login = createSingleFlight(() => requestLease(role, setting).then(adopt));
  const adopt = (made: VaultLease): VaultLease => {
    endRenewal();
    if (lease !== undefined) void revokeToken(lease.token, setting);
    lease = made;
    if (isClosed) return made;
    // If this fails, the next request is rejected, logs in again, and throws the reason.
    const onEnd = (): void => void login.run().catch(() => undefined);
    endRenewal = keepRenewed({ client, lease, timeoutMs, onEnd });
    return made;
  };
  const current = async (signal: AbortSignal): Promise<string> => {
    if (isClosed) throw new Error(`The key source of ${client.name} is closed: open a new key ring`);
    return (lease ?? (await awaitUntil(signal, login.run(), client.name))).token;
  };

  return {
    token: current,
    async replace(refused, signal) {
      if (lease?.token === refused) await awaitUntil(signal, login.run(), client.name);
      return current(signal);
    },
    async close() {
      isClosed = true;
      endRenewal();
      await login.pending?.catch(() => undefined);
      if (lease !== undefined) await revokeToken(lease.token, setting);
    },
  };
}

async function requestLease(role: VaultAppRole, setting: VaultLoginSetting): Promise<VaultLease> {
  const { client, timeoutMs } = setting;
  const signal = AbortSignal.timeout(timeoutMs);
  const secretId = await readCredential(role.secretId, 'secretId', signal);
  const { status, body } = await client.send({
    method: 'POST',
    path: `auth/${role.mount}/login`,
    body: { role_id: role.roleId, secret_id: secretId },
    signal,
  });
  const lease = readLease(body['auth']);
  if (status === 200 && lease !== undefined) return lease;
  throw new Error(`${client.name} returned no token for the AppRole login: ${describeLogin(status)}`);
}

function describeLogin(status: number): string {
  if (status === 400) return 'status 400, check roleId and secretId';
  if (status === 200) return 'check that url is a Vault server and that the role requires no MFA';
  if (status >= 500) return describeStatus(status);
  return `status ${status}, check auth.mount, namespace and the policy of the role`;
}

/** Revoke a token. Ignore failures, because the token expires at the end of its lease. */
async function revokeToken(token: string, { client, timeoutMs }: VaultLoginSetting): Promise<void> {
  const signal = AbortSignal.timeout(Math.min(timeoutMs, REVOKE_TIMEOUT_MS));
  const request = { method: 'POST', path: 'auth/token/revoke-self', token, signal } as const;
  await client.send(request).catch(() => undefined);
}
