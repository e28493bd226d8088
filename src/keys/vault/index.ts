export type { VaultCredential } from './vault-credential.js';
export {
  type VaultAuth,
  type VaultKeySourceOptions,
  vaultKeySource,
} from './vault-key-source.js';
