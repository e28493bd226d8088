import { isNumericDate, type NumericDate } from '../../base/clock.js';
import { isJsonObject, type JsonObject } from '../../base/json.js';
import type { DpopRejection } from '../../base/rejections.js';
import { decodeBase64url } from '../../token/compact-serialization.js';
import { parseHeaderObject } from '../../token/protected-header.js';
import type { ProofKey, ProofKeyReader } from './proof-keys.js';

/** Parsed proof, whose signature is not verified yet. */
export interface ParsedProof {
  readonly key: ProofKey;
  /** Encoded header, which identifies the key in the cache. */
  readonly header: string;
  readonly claims: ProofClaims;
  /** Encoded header and payload, which the signature covers (RFC 7515 §5.2). */
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** Claims of a proof (RFC 9449 §4.2). */
export interface ProofClaims {
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  readonly iat: NumericDate;
  readonly ath: string | undefined;
  readonly nonce: string | undefined;
}

/** Maximum length of a proof in characters. A proof with a 4096-bit RSA key has about 2000. */
const MAX_LENGTH = 4096;

/**
 * Split a proof, and read the header and the claims in the order of RFC 9449 §4.3.
 *
 * @returns the parsed proof, or the reason for rejecting the proof
 */
export function parseProof(proof: string, keys: ProofKeyReader): ParsedProof | DpopRejection {
  if (proof.length > MAX_LENGTH) return 'proof_too_long';
  const headerEnd = proof.indexOf('.');
  const payloadEnd = proof.indexOf('.', headerEnd + 1);
  // Without a period, both searches return -1.
  if (payloadEnd === -1 || proof.includes('.', payloadEnd + 1)) return 'proof_malformed';
  const header = proof.slice(0, headerEnd);
  const key = keys.read(header, () => decodeOr(header, parseHeaderObject));
  if (typeof key === 'string') return key;
  const decoded = decodeOr(proof.slice(headerEnd + 1, payloadEnd), parseJsonObject);
  if (decoded === undefined) return 'proof_malformed';
  const claims = readClaims(decoded);
  if (claims === undefined) return 'proof_claim';
  const signature = decodeOr(proof.slice(payloadEnd + 1), (bytes) => bytes);
  if (signature === undefined) return 'proof_malformed';
  return { key, header, claims, signingInput: proof.slice(0, payloadEnd), signature };
}

/** Decode a segment. `undefined` if it is not canonical base64url, or cannot be parsed. */
function decodeOr<Result>(segment: string, parse: (bytes: Buffer) => Result): Result | undefined {
  try {
    return parse(decodeBase64url(segment));
  } catch {
    return undefined;
  }
}

function parseJsonObject(bytes: Buffer): JsonObject {
  const parsed: unknown = JSON.parse(bytes.toString('utf8'));
  if (!isJsonObject(parsed)) throw new SyntaxError('the payload is not an object');
  return parsed;
}

function readClaims({ jti, htm, htu, iat, ath, nonce }: JsonObject): ProofClaims | undefined {
  if (!isFilled(jti) || !isFilled(htm) || !isFilled(htu) || !isNumericDate(iat)) return undefined;
  if (ath !== undefined && typeof ath !== 'string') return undefined;
  if (nonce !== undefined && typeof nonce !== 'string') return undefined;
  return { jti, htm, htu, iat, ath, nonce };
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
