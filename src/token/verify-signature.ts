import { constants, type KeyObject, type SigningOptions, verify } from 'node:crypto';
import type { VerificationKey } from '../keys/signature-key.js';
import type { VerificationAlgorithm } from '../keys/verification-algorithms.js';

interface SignatureSuite {
  /** `null` if the algorithm includes its hash. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  readonly keyType: 'ed25519' | 'rsa' | 'ec';
  /** Curve of the key, as named by OpenSSL. */
  readonly namedCurve?: string;
  /** Length of the signature in bytes. Absent for RSA, because OpenSSL compares it with the length of the modulus. */
  readonly bytes?: number;
  readonly options: SigningOptions;
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const PKCS1 = { padding: constants.RSA_PKCS1_PADDING };
const P1363 = { dsaEncoding: 'ieee-p1363' } as const;

const ED25519: SignatureSuite = { hash: null, keyType: 'ed25519', bytes: 64, options: {} };

/** Parameters of the algorithms (RFC 7518 §3.3 to §3.5, RFC 8037 §3.1). The salt is as long as the hash. */
const SUITES: Readonly<Record<VerificationAlgorithm, SignatureSuite>> = {
  EdDSA: ED25519,
  Ed25519: ED25519,
  RS256: { hash: 'sha256', keyType: 'rsa', options: PKCS1 },
  RS384: { hash: 'sha384', keyType: 'rsa', options: PKCS1 },
  RS512: { hash: 'sha512', keyType: 'rsa', options: PKCS1 },
  PS256: { hash: 'sha256', keyType: 'rsa', options: PSS },
  PS384: { hash: 'sha384', keyType: 'rsa', options: PSS },
  PS512: { hash: 'sha512', keyType: 'rsa', options: PSS },
  ES256: { hash: 'sha256', keyType: 'ec', namedCurve: 'prime256v1', bytes: 64, options: P1363 },
  ES384: { hash: 'sha384', keyType: 'ec', namedCurve: 'secp384r1', bytes: 96, options: P1363 },
  ES512: { hash: 'sha512', keyType: 'ec', namedCurve: 'secp521r1', bytes: 132, options: P1363 },
};

/** Minimum modulus length in bits (RFC 7518 §3.3, §3.5). */
const MIN_MODULUS_BITS = 2048;

/**
 * Whether the signature of a JWS is valid. Only the `alg` of the key determines the algorithm.
 *
 * @param signingInput encoded header, a period and the encoded payload (RFC 7515 §5.2 step 8).
 * @returns whether it is valid: `false` also if the key does not match its `alg`.
 */
export function verifySignature(
  signingInput: Uint8Array,
  signature: Uint8Array,
  { alg, publicKey }: VerificationKey,
): boolean {
  if (!Object.hasOwn(SUITES, alg)) return false;
  const suite = SUITES[alg];
  if (!isKeyFor(suite, publicKey)) return false;
  if (suite.bytes !== undefined && signature.length !== suite.bytes) return false;
  return verify(suite.hash, signingInput, { key: publicKey, ...suite.options }, signature);
}

/** Whether a key has the type, curve and length for an algorithm. Custom lookups may return unchecked keys. */
function isKeyFor({ keyType, namedCurve }: SignatureSuite, key: KeyObject): boolean {
  if (key.type !== 'public' || key.asymmetricKeyType !== keyType) return false;
  if (keyType === 'ed25519') return true;
  const { namedCurve: curve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  return keyType === 'ec' ? curve === namedCurve : modulusLength >= MIN_MODULUS_BITS;
}
