import type { KeySource } from '../../src/keys/key-source.js';
import { type VaultKeySourceOptions, vaultKeySource } from '../../src/keys/vault/vault-key-source.js';
import { keySet } from './key-sets.js';
import { startVaultServer, type VaultServer } from './vault-server.js';

export const TOKEN = 'hvs.CAESIGivenToken';
export const ROLE = { roleId: '7c1f2a6e-role', secretId: '0b9d5f43-secret' };

/** What reads the secret, and what a login by AppRole is, as the server calls them. */
export const READ = 'GET secret/data/apps/jwe';
export const LOGIN = 'POST auth/approle/login';

export interface StockedVault {
  readonly server: VaultServer;
  /** A source of its secret, by its token unless options say otherwise. */
  readonly openSource: (options?: Partial<VaultKeySourceOptions>) => KeySource;
  readonly close: () => Promise<void>;
}

/** A server with one token, one role, and two roots in one secret. */
export async function startStockedVault(): Promise<StockedVault> {
  const server = await startVaultServer();
  server.addToken(TOKEN);
  server.addRole(ROLE);
  server.write('apps/jwe', { jwks: JSON.stringify(keySet(1, 2)), owner: 'platform' });
  const sources: KeySource[] = [];
  return {
    server,
    openSource(options = {}) {
      const source = vaultKeySource({
        url: server.url,
        path: 'apps/jwe',
        auth: { token: TOKEN },
        ...options,
      });
      sources.push(source);
      return source;
    },
    async close() {
      await Promise.all(sources.map((source) => source.close?.()));
      await server.close();
    },
  };
}
