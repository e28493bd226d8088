import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { freezeJson, type JsonObject } from '../base/json.js';
import type { Verification } from '../keys/resolve-verification.js';
import type { VerificationKey } from '../keys/signature-key.js';
import { decodeClaims, parseClaims } from './claims/parse-claims.js';
import { decodeBase64url } from './compact-serialization.js';
import { loadJose } from './load-jose.js';
import { parseHeaderObject } from './protected-header.js';

/** Claims and header of a nested JWS. Deeply frozen. */
export interface SignedClaims {
  readonly claims: JsonObject;
  readonly signedHeader: JsonObject;
}

/** Maximum nesting depth of a header, in objects and arrays. */
const MAX_HEADER_DEPTH = 4;

/**
 * Header members that cause rejection:
 *
 * - compression, and unknown extensions such as `b64` (RFC 7515 §4.1.11)
 * - keys and URLs supplied by the sender, including every `x5*` (RFC 8725 §3.9, §3.10)
 * - `cty`, which would announce a further level of nesting
 */
const REJECTED_MEMBERS = /^(crit|b64|jku|jwk|x5.*|zip|cty)$/;

/**
 * Verify a JWS in compact serialization. `iss` and `kid` select the key, and the key determines the `alg`.
 *
 * @throws InvalidTokenError (as rejection) if the JWS is invalid.
 * @throws TemporarilyUnavailableError (as rejection) if the issuer's keys are unavailable.
 * @see RFC 7515 §5.2
 */
export async function verifyNestedToken(
  bytes: Buffer,
  verification: Verification,
  now: NumericDate,
): Promise<SignedClaims> {
  const jws = bytes.toString('latin1');
  const { header, payload } = splitSigned(jws);
  const { alg, kid } = header;
  if (Object.keys(header).some((member) => REJECTED_MEMBERS.test(member))) {
    throw new InvalidTokenError('jws_refused_member');
  }
  if (typeof alg !== 'string' || typeof kid !== 'string') throw new InvalidTokenError('jws_malformed');
  const claims = parseClaims(decodeClaims(payload));
  const key = await findKey(claims['iss'], { kid, alg }, verification);
  if (key.notAfter !== undefined && key.notAfter <= now) throw new InvalidTokenError('jws_expired_key');
  if (key.alg !== alg) throw new InvalidTokenError('jws_algorithm');
  await assertSignature(jws, key);
  return { claims, signedHeader: header };
}

/** Parse a JWS without verifying its signature, only to inspect or revoke a token. @throws InvalidTokenError */
export function readNestedToken(bytes: Buffer): SignedClaims {
  const { header, payload } = splitSigned(bytes.toString('latin1'));
  return { claims: parseClaims(decodeClaims(payload)), signedHeader: header };
}

/** Split a JWS into three segments of canonical base64url, and decode them. */
function splitSigned(jws: string): { header: JsonObject; payload: Buffer } {
  const [header, payload, signature, ...excess] = jws.split('.', 4);
  if (header === undefined || payload === undefined || signature === undefined || excess.length > 0) {
    throw new InvalidTokenError('jws_malformed');
  }
  try {
    decodeBase64url(signature);
    const parsed = parseHeaderObject(decodeBase64url(header));
    if (!freezeJson(parsed, MAX_HEADER_DEPTH)) throw new InvalidTokenError('jws_malformed');
    return { header: parsed, payload: decodeBase64url(payload) };
  } catch (cause) {
    throw new InvalidTokenError('jws_malformed', cause);
  }
}

/** Find the verification key. The claims are not trusted yet: `iss` only selects the keys that can verify them. */
async function findKey(
  iss: unknown,
  { kid, alg }: { readonly kid: string; readonly alg: string },
  verification: Verification,
): Promise<VerificationKey> {
  const keys = typeof iss === 'string' ? verification.get(iss) : undefined;
  if (keys === undefined) throw new InvalidTokenError(iss === undefined ? 'claim_missing' : 'wrong_issuer');
  // A custom key lookup may return null.
  const key = (await keys.find(kid, alg)) ?? undefined;
  if (key === undefined) throw new InvalidTokenError('jws_unknown_key');
  return key;
}

async function assertSignature(jws: string, key: VerificationKey): Promise<void> {
  const { compactVerify } = await loadJose();
  try {
    await compactVerify(jws, key.publicKey, { algorithms: [key.alg] });
  } catch (cause) {
    throw new InvalidTokenError('jws_signature', cause);
  }
}
