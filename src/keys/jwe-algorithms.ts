/** Content encryption algorithms and their key lengths in bytes (RFC 7518 §5.2, §5.3). */
export const CONTENT_KEY_BYTES = {
  A128GCM: 16,
  A192GCM: 24,
  A256GCM: 32,
  'A128CBC-HS256': 32,
  'A192CBC-HS384': 48,
  'A256CBC-HS512': 64,
} as const;

/**
 * Content encryption algorithm (`enc`) of a trusted issuer.
 *
 * @useDeclaredType
 */
export type ContentEncryptionAlgorithm = keyof typeof CONTENT_KEY_BYTES;

/** Key management algorithms (RFC 7518 §4.1) and the type of key that each one requires. */
export const KEY_MANAGEMENT = {
  dir: 'secret',
  A128KW: 'secret',
  A192KW: 'secret',
  A256KW: 'secret',
  'RSA-OAEP': 'RSA',
  'RSA-OAEP-256': 'RSA',
  'RSA-OAEP-384': 'RSA',
  'RSA-OAEP-512': 'RSA',
  'ECDH-ES': 'agreement',
  'ECDH-ES+A128KW': 'agreement',
  'ECDH-ES+A192KW': 'agreement',
  'ECDH-ES+A256KW': 'agreement',
} as const;

/**
 * Key management algorithm (`alg`) of a trusted issuer.
 *
 * @useDeclaredType
 */
export type KeyManagementAlgorithm = keyof typeof KEY_MANAGEMENT;

export function isContentEncryptionAlgorithm(value: unknown): value is ContentEncryptionAlgorithm {
  return typeof value === 'string' && Object.hasOwn(CONTENT_KEY_BYTES, value);
}

export function isKeyManagementAlgorithm(value: unknown): value is KeyManagementAlgorithm {
  return typeof value === 'string' && Object.hasOwn(KEY_MANAGEMENT, value);
}
