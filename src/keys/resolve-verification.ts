import { assertMethod, assertObject } from '../base/options.js';
import { toVerificationJwk } from './public-jwk.js';
import type { SigningKey } from './signature-key.js';
import { keepVerificationKeys, type VerificationKeys } from './verification-keys.js';

/** Options for signing and verifying nested tokens. */
export interface SignatureOptions {
  /**
   * Verification keys by home issuer, for tokens with a nested JWS (RFC 7519 appendix A.2). Each issuer must be one of
   * `issuer`, and its keys verify its tokens only; issuers of other parties belong in `trustedIssuers`. Tokens that are
   * encrypted to a public key are accepted only with a nested JWS. Default: only tokens that `signing` signed.
   */
  readonly verification?: Readonly<Record<string, VerificationKeys>>;
  /**
   * Key with which the first `issuer` signs the tokens that it encrypts to a public key. Its public key also verifies.
   * Default: no tokens can be issued to public keys.
   */
  readonly signing?: SigningKey;
}

/** Verification keys by the issuer that a token claims. */
export type Verification = ReadonlyMap<string, VerificationKeys>;

/** @throws TypeError if an issuer is not one of `issuer`, or a value is not of the expected type. */
export function resolveVerification(
  { verification = {}, signing }: SignatureOptions,
  issuers: readonly string[],
): Verification {
  assertObject(verification, 'verification such as { [issuer]: keys }');
  const resolved = new Map(Object.entries(verification));
  for (const [issuer, keys] of resolved) {
    if (!issuers.includes(issuer))
      throw new TypeError('verification names an issuer that is not one of issuer');
    assertMethod(
      keys,
      'find',
      'verification must hold VerificationKeys: await createVerificationKeys(...) or remoteJwks(...)',
    );
  }
  const [own] = issuers;
  if (signing === undefined || own === undefined) return resolved;
  assertSigningKey(signing);
  return resolved.set(own, includeOwn(signing, resolved.get(own)));
}

/** Adds the issuer's own key, because an issuer accepts the tokens that it signs. */
function includeOwn(signing: SigningKey, others?: VerificationKeys): VerificationKeys {
  const { kid, alg, publicKey } = signing;
  const own = keepVerificationKeys([{ kid, alg, publicKey }]);
  if (others === undefined) return own;
  return Object.freeze({
    find: (name: string) => own.find(name) ?? others.find(name),
    exportPublicKeys: () => {
      const { keys } = others.exportPublicKeys();
      return { keys: [toVerificationJwk(signing), ...keys.filter((key) => key['kid'] !== kid)] };
    },
  });
}

function assertSigningKey({ privateKey }: SigningKey): void {
  assertMethod(privateKey, 'export', 'signing must be a SigningKey: await createSigningKey(...)');
}
