import { type ContentKey, isAsymmetricKey } from '../keys/content-key.js';
import type { SigningKey } from '../keys/signature-key.js';
import { assertReadable, type EncryptOptions, encryptToken } from './encrypt-token.js';
import { loadJose } from './load-jose.js';
import { type ManagedKey, sealManaged } from './managed-content.js';
import { assertAdditionalMembers } from './protected-header.js';

export interface SealOptions extends EncryptOptions {
  /** Key of the issuer, by which it signs what it encrypts to a public key. Default: it can issue none of those. */
  readonly signing?: SigningKey;
}

/**
 * Encrypts a claims set as a JWE in compact serialization (RFC 7516 section 5.1), under a key for direct encryption at
 * once, and without a promise. What is encrypted to a public key is signed first (RFC 7519 section 11.2).
 * @throws TypeError (or as rejection) for a protected header member that is reserved, a header that no reader would
 *   accept, a key that only decrypts, or a public key where there is no key to sign by.
 */
export function sealToken(claims: object, key: ContentKey, options: SealOptions): string | Promise<string> {
  return key.alg === 'dir' ? encryptToken(claims, key, options) : sealByPromise(claims, key, options);
}

async function sealByPromise(
  claims: object,
  key: ManagedKey,
  { typ, header = {}, signing }: SealOptions,
): Promise<string> {
  if (!key.encrypts) throw new TypeError('This key only decrypts');
  assertAdditionalMembers(header);
  const members = { kid: key.kid, typ, ...header };
  const token = isAsymmetricKey(key)
    ? await sealManaged(await signClaims(claims, typ, signing), { ...members, cty: 'JWT' }, key)
    : await sealManaged(JSON.stringify(claims), members, key);
  assertReadable(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url'));
  return token;
}

/** The same `typ` in both headers; that of the JWS is the one that counts (RFC 8725 section 3.11). */
async function signClaims(claims: object, typ: string, signing: SigningKey | undefined): Promise<string> {
  if (signing === undefined) {
    throw new TypeError('Tokens are encrypted to a public key only if signed: give the option signing');
  }
  const { alg, kid, privateKey } = signing;
  const { CompactSign } = await loadJose();
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg, kid, typ })
    .sign(privateKey);
}
