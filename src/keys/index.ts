export type { PrivateFile } from '../base/read-private-file.js';
export type { ContentEncryption } from './content-key.js';
export { createKeyRing, type KeyRingOptions } from './create-key-ring.js';
export type {
  DecryptionKeyLocation,
  DecryptionKeySource,
  DecryptionKeyText,
} from './decryption-key-location.js';
export { createDecryptionKeys, type DecryptionKeys } from './decryption-keys.js';
export type { PassphraseKey } from './derive-from-passphrase.js';
export { discoverJwks } from './discover-jwks.js';
export type { ContentEncryptionAlgorithm, KeyManagementAlgorithm } from './jwe-algorithms.js';
export type { KeyRing } from './key-ring.js';
export type { KeySource } from './key-source.js';
export type { KeyUsageOptions } from './key-usage.js';
export { generateKeySet, type KeyState, type KeyVersion } from './key-versions.js';
export { type OpenKeyRingOptions, openKeyRing } from './open-key-ring.js';
export type { Jwk, JwkSet } from './parse-jwk.js';
export type { DecryptionKeyDefaults } from './read-decryption-traits.js';
export type { KeyLocation, KeySpec } from './read-key-spec.js';
export type { JwkLocation, KeyTextLocation } from './read-key-text.js';
export type { RecipientKeys } from './read-recipients.js';
export { type RemoteJwksOptions, remoteJwks } from './remote-jwks.js';
export type { DiscoverJwksOptions } from './resolve-discovery.js';
export type { SignatureOptions } from './resolve-verification.js';
export type { SignatureAlgorithm, SigningKey, VerificationKey } from './signature-key.js';
export type { RotatingKeyRing } from './sourced-key-ring.js';
export { type DirectoryKeySourceOptions, directoryKeySource } from './sources/directory-key-source.js';
export { type EnvironmentKeySourceOptions, environmentKeySource } from './sources/environment-key-source.js';
export { type FileKeySourceOptions, fileKeySource } from './sources/file-key-source.js';
export { passphraseKeySource } from './sources/passphrase-key-source.js';
export type { VerificationAlgorithm } from './verification-algorithms.js';
export { createVerificationKeys, type VerificationKeys } from './verification-keys.js';
