import type { Jwk } from '../keys/jwk.js';
import type { SigningKey } from '../keys/signature-key.js';
import { loadJose } from './load-jose.js';

/** Header parameter that identifies the key of a JWS: its ID, or the public key (RFC 7515 §4.1.3, §4.1.4). */
export type KeyReference = { readonly kid: string } | { readonly jwk: Jwk };

/**
 * Sign claims as a JWS in compact serialization (RFC 7515 §7.1), with the `alg` of the key.
 *
 * @param reference identifies the key. Default: its `kid`
 */
export async function signClaims(
  claims: object,
  typ: string,
  { alg, kid, privateKey }: SigningKey,
  reference: KeyReference = { kid },
): Promise<string> {
  const { CompactSign } = await loadJose();
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg, ...reference, typ })
    .sign(privateKey);
}
