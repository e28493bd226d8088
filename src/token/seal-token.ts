import { type ContentKey, isAsymmetricKey } from '../keys/content-key.js';
import type { SigningKey } from '../keys/signature-key.js';
import { assertReadable, type EncryptOptions, encryptToken } from './encrypt-token.js';
import { type ManagedKey, sealManaged } from './managed-content.js';
import { assertAdditionalMembers } from './protected-header.js';
import { signClaims } from './sign-claims.js';

/** Protected header and signing key of a token to encrypt. */
export interface SealOptions extends EncryptOptions {
  /** Key that signs tokens before encryption to a public key. Default: none, so public keys cannot be used. */
  readonly signing?: SigningKey;
}

/**
 * Encrypt a claims set as a JWE in compact serialization (RFC 7516 §5.1). Direct encryption is synchronous. Claims are
 * signed before they are encrypted to a public key (RFC 7519 §11.2).
 *
 * @throws TypeError (or as rejection) if the key cannot encrypt, or a public key is used without a signing key.
 * @throws TypeError (or as rejection) if a protected header member is reserved, or verifiers would reject the header.
 */
export function sealToken(claims: object, key: ContentKey, options: SealOptions): string | Promise<string> {
  return key.alg === 'dir' ? encryptToken(claims, key, options) : sealByPromise(claims, key, options);
}

async function sealByPromise(
  claims: object,
  key: ManagedKey,
  { typ, header = {}, signing }: SealOptions,
): Promise<string> {
  if (!key.encrypts)
    throw new TypeError('issue: the key can only decrypt: use a key whose key_ops allow encryption');
  assertAdditionalMembers(header);
  const members = { kid: key.kid, typ, ...header };
  const token = isAsymmetricKey(key)
    ? await sealManaged(await signContent(claims, typ, signing), { ...members, cty: 'JWT' }, key)
    : await sealManaged(JSON.stringify(claims), members, key);
  assertReadable(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url'));
  return token;
}

/** Sign claims. JWS and JWE have the same `typ`, and verifiers check the `typ` of the JWS (RFC 8725 §3.11). */
async function signContent(claims: object, typ: string, signing: SigningKey | undefined): Promise<string> {
  if (signing === undefined) {
    throw new TypeError(
      'issue: tokens for public-key recipients must be signed: pass signing to createTokenIssuer()',
    );
  }
  return signClaims(claims, typ, signing);
}
