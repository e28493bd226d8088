import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { type ContentEncryption, type DirectKey, KEY_LENGTHS, type KeyPurpose } from './content-key.js';

const KID_BYTES = 16;
const PROVENANCE_KEY_BYTES = 32;
const NONCE_KEY_BYTES = 32;

/** Root secret, from which keys are derived. It does not encrypt. */
export interface RootKey {
  /** Key ID of the root, for audit events. It never appears in a token. */
  readonly kid: string;
  readonly notBefore?: NumericDate;
  readonly notAfter?: NumericDate;
  readonly secret: KeyObject;
}

/** Inputs of key derivation. Different inputs yield independent keys. */
export interface KeyContext {
  readonly environment: string;
  readonly purpose: KeyPurpose;
  readonly audience: string;
  readonly enc: ContentEncryption;
}

/**
 * Derive a key and its `kid` from a root with HKDF-SHA-256 (RFC 5869). The `kid` identifies exactly one key and
 * reveals nothing about it.
 */
export function deriveContentKey(root: RootKey, context: KeyContext): DirectKey {
  const { environment, purpose, audience, enc } = context;
  const labels = [environment, purpose, audience, enc];
  return Object.freeze({
    kid: deriveContentKid(root, context),
    alg: 'dir',
    enc,
    purpose,
    audience,
    ...(root.notBefore === undefined ? {} : { notBefore: root.notBefore }),
    ...(root.notAfter === undefined ? {} : { notAfter: root.notAfter }),
    encrypts: true,
    secret: createSecretKey(expand(root.secret, ['key', ...labels], KEY_LENGTHS[enc])),
    ...(purpose === 'access' ? { provenance: deriveProvenanceKey(root, environment) } : {}),
  });
}

/** Derive only the `kid` of `deriveContentKey()`. */
export function deriveContentKid({ secret }: RootKey, context: KeyContext): string {
  const { environment, purpose, audience, enc } = context;
  return expand(secret, ['kid', environment, purpose, audience, enc], KID_BYTES).toString('base64url');
}

/** Derive one key per root and environment. The proof covers the `kid`, and with it the audience. */
function deriveProvenanceKey({ secret }: RootKey, environment: string): KeyObject {
  return createSecretKey(expand(secret, ['provenance', environment], PROVENANCE_KEY_BYTES));
}

/** Derive the key of DPoP nonces, one per root and environment (RFC 9449 §8). */
export function deriveNonceKey({ secret }: RootKey, environment: string): KeyObject {
  return createSecretKey(expand(secret, ['dpop-nonce', environment], NONCE_KEY_BYTES));
}

/** Derive an opaque `kid` for a secret without one. The same secret always yields the same `kid`. */
export function deriveKid(secret: KeyObject): string {
  return expand(secret, ['name'], KID_BYTES).toString('base64url');
}

/** Expand a secret with HKDF-SHA-256. JSON encodes the labels without ambiguity. */
function expand(secret: KeyObject, labels: readonly string[], length: number): Buffer {
  const info = JSON.stringify(['passport-jwe/v1', ...labels]);
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, length));
}
