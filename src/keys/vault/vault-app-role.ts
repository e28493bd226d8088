import { createSingleFlight } from '../../base/single-flight.js';
import { describeStatus } from './vault-client.js';
import { awaitUntil, readCredential, type VaultCredential } from './vault-credential.js';
import { keepRenewed, readLease, type VaultLease } from './vault-lease.js';
import type { VaultLogin, VaultLoginSetting } from './vault-login.js';

/** AppRole: tokens are made by a login, renewed, and revoked in the end. */
export interface VaultAppRole {
  readonly roleId: string;
  readonly secretId: VaultCredential;
  /** Where the method is mounted. */
  readonly mount: string;
}

/** Longest wait at the end, when a token that is still alive is revoked. */
const REVOKE_TIMEOUT_MS = 2000;

/** Logs in when a token is first needed, and anew where one cannot be renewed or is refused; once, whoever waits. */
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
    // Where this fails, the next request is refused, logs in and says why.
    const onEnd = (): void => void login.run().catch(() => undefined);
    endRenewal = keepRenewed({ client, lease, timeoutMs, onEnd });
    return made;
  };
  const current = async (signal: AbortSignal): Promise<string> => {
    if (isClosed) throw new Error(`${client.name} is not asked any more: the key source was closed`);
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
  const meaning = status === 400 ? 'status 400, roleId or secretId is not valid' : describeStatus(status);
  throw new Error(`${client.name} refuses the login by AppRole: ${meaning}`);
}

/** Good manners: the server would forget it in time. */
async function revokeToken(token: string, { client, timeoutMs }: VaultLoginSetting): Promise<void> {
  const signal = AbortSignal.timeout(Math.min(timeoutMs, REVOKE_TIMEOUT_MS));
  const request = { method: 'POST', path: 'auth/token/revoke-self', token, signal } as const;
  await client.send(request).catch(() => undefined);
}
