import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Context that the MAC of a proof covers in addition to the claims: the `typ` and the `kid` of the token. */
export interface ProofContext {
  readonly typ: unknown;
  readonly kid: string;
}

/** Length of an HMAC-SHA-256 in base64url, in characters. */
const MAC_LENGTH = 43;
const START = ',"provenance":"';
const END = '"}';
const SUFFIX_LENGTH = START.length + MAC_LENGTH + END.length;
const SUFFIX = /^,"provenance":"[A-Za-z0-9_-]{43}"\}$/;

const COMMA = ','.charCodeAt(0);

/**
 * Append a proof of issuance to the claims: a MAC under a key that is derived from the root key and never exported. A
 * resource server with an exported access key can encrypt a token, but cannot create this proof.
 *
 * @param claims serialized JSON object. An empty object is returned unchanged.
 */
export function appendProof(claims: string, context: ProofContext, key: KeyObject): string {
  if (claims === '{}') return claims;
  return `${claims.slice(0, -1)}${START}${computeMac(claims, context, key).toString('base64url')}${END}`;
}

/** Whether decrypted claims end with a valid proof. */
export function hasValidProof(text: string, context: ProofContext, key: KeyObject): boolean {
  if (!endsWithProof(text)) return false;
  const mac = Buffer.from(text.slice(-END.length - MAC_LENGTH, -END.length), 'base64url');
  return timingSafeEqual(mac, computeMac(withoutProof(text), context, key));
}

/** Remove the proof and restore the original claims exactly. Return a string without a proof unchanged. */
export function withoutProof(text: string): string {
  return endsWithProof(text) ? `${text.slice(0, -SUFFIX_LENGTH)}}` : text;
}

function endsWithProof(text: string): boolean {
  const start = text.length - SUFFIX_LENGTH;
  return start > 1 && text.charCodeAt(start) === COMMA && SUFFIX.test(text.slice(start));
}

/** Compute the MAC of the context and the claims. The context is a JSON array, so claims cannot extend it. */
function computeMac(claims: string, { typ, kid }: ProofContext, key: KeyObject): Buffer {
  const context = JSON.stringify(['passport-jwe/v1', 'provenance', typ, kid]);
  return createHmac('sha256', key).update(context).update(claims).digest();
}
