import { assertMethod } from '../base/options.js';
import { generateSigningJwk } from '../keys/generate-signing-jwk.js';
import { parseSigningKey, type SigningKey } from '../keys/signature-key.js';

/**
 * Return the DPoP key of a client: the configured key, or a new key for ES256, which never leaves the client.
 *
 * @param dpop option `dpop` of `createTokenClient()`
 * @throws TypeError if the option is neither a boolean nor a `SigningKey`
 */
export function resolveDpopKey(dpop: boolean | SigningKey, where: string): SigningKey | undefined {
  if (dpop === false) return undefined;
  if (dpop === true) return parseSigningKey(generateSigningJwk().privateJwk);
  const expected = `${where}: dpop must be true or a SigningKey: pass await createSigningKey({ file: "dpop.jwk" })`;
  assertMethod(dpop?.privateKey, 'export', expected);
  return dpop;
}
