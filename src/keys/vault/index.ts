export type { KeySource } from '../key-source.js';
export type { VaultCredential } from './vault-credential.js';
export { type VaultAuth, type VaultKeySourceOptions, vaultKeySource } from './vault-key-source.js';
