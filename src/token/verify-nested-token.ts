import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { freezeJson, type JsonObject } from '../base/json.js';
import type { Verification } from '../keys/resolve-verification.js';
import type { VerificationKey } from '../keys/signature-key.js';
import { decodeClaims, parseClaims } from './claims/parse-claims.js';
import { decodeBase64url } from './compact-serialization.js';
import { loadJose } from './load-jose.js';
import { parseHeaderObject } from './protected-header.js';

/** Content of a nested JWS. Deeply frozen. */
export interface SignedClaims {
  readonly claims: JsonObject;
  readonly signedHeader: JsonObject;
}

const MAX_HEADER_DEPTH = 4;

/**
 * Members that cause rejection: unknown extensions such as `b64` (RFC 7515 §4.1.11), keys and URLs supplied by the sender
 * (RFC 8725 §3.9, §3.10; every `x5*` too), and another level of nesting.
 */
const REJECTED_MEMBERS = /^(crit|b64|jku|jwk|x5.*|zip|cty)$/;

/**
 * Verifies a JWS in compact serialization. `iss` and `kid` choose the key, and the key sets the `alg`.
 *
 * @throws InvalidTokenError (as rejection) if the JWS is not valid.
 * @throws TemporarilyUnavailableError (as rejection) if the keys of the issuer are unavailable.
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
  const key = await findKey(claims['iss'], kid, verification);
  if (key.notAfter !== undefined && key.notAfter <= now) throw new InvalidTokenError('jws_expired_key');
  if (key.alg !== alg) throw new InvalidTokenError('jws_algorithm');
  await assertSignature(jws, key);
  return { claims, signedHeader: header };
}

/** Reads a JWS without verifying its signature. For operators, never to accept a token. @throws InvalidTokenError */
export function readNestedToken(bytes: Buffer): SignedClaims {
  const { header, payload } = splitSigned(bytes.toString('latin1'));
  return { claims: parseClaims(decodeClaims(payload)), signedHeader: header };
}

/** Splits into three segments of canonical base64url. */
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

/** The claims are not trusted yet: their `iss` only chooses the issuer whose key must verify them. */
async function findKey(iss: unknown, kid: string, verification: Verification): Promise<VerificationKey> {
  const keys = typeof iss === 'string' ? verification.get(iss) : undefined;
  if (keys === undefined) throw new InvalidTokenError(iss === undefined ? 'claim_missing' : 'wrong_issuer');
  // An application's own lookup may return null.
  const key = (await keys.find(kid)) ?? undefined;
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
