import type { SigningKey } from '../keys/signature-key.js';
import { loadJose } from './load-jose.js';

/** Sign claims as a JWS in compact serialization (RFC 7515 §7.1), with `alg` and `kid` of the key. */
export async function signClaims(
  claims: object,
  typ: string,
  { alg, kid, privateKey }: SigningKey,
): Promise<string> {
  const { CompactSign } = await loadJose();
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg, kid, typ })
    .sign(privateKey);
}
