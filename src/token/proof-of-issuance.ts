import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What a proof binds besides the claims: the token type and the key that encrypts the token. */
export interface ProofContext {
  readonly typ: unknown;
  readonly kid: string;
}

/** HMAC-SHA-256 in base64url. */
const MAC_LENGTH = 43;
const START = ',"provenance":"';
const END = '"}';
const SUFFIX_LENGTH = START.length + MAC_LENGTH + END.length;
const SUFFIX = /^,"provenance":"[A-Za-z0-9_-]{43}"\}$/;

const COMMA = ','.charCodeAt(0);

/**
 * Appends the proof of issuance to the claims: a MAC under a key that is derived from the root key and never exported. A
 * resource server that holds the exported access key can encrypt a token, but cannot make this proof.
 *
 * @param claims a JSON object. An empty object is returned unchanged.
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

/** Removes the proof, which restores the claims exactly. A string without a proof is returned unchanged. */
export function withoutProof(text: string): string {
  return endsWithProof(text) ? `${text.slice(0, -SUFFIX_LENGTH)}}` : text;
}

function endsWithProof(text: string): boolean {
  const start = text.length - SUFFIX_LENGTH;
  return start > 1 && text.charCodeAt(start) === COMMA && SUFFIX.test(text.slice(start));
}

/** The context is a JSON array, so its end is unambiguous: no claims can extend it. */
function computeMac(claims: string, { typ, kid }: ProofContext, key: KeyObject): Buffer {
  const context = JSON.stringify(['passport-jwe/v1', 'provenance', typ, kid]);
  return createHmac('sha256', key).update(context).update(claims).digest();
}
