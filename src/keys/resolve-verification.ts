import { assertMethod, assertObject } from '../base/options.js';
import { toVerificationJwk } from './public-jwk.js';
import type { SigningKey } from './signature-key.js';
import { keepVerificationKeys, type VerificationKeys } from './verification-keys.js';

/** Options for signing and verifying nested tokens (RFC 7519 appendix A.2). */
export interface SignatureOptions {
  /**
   * Verification keys by home issuer, for tokens with a nested JWS. List each issuer in `issuer`. The keys verify
   * only tokens of that issuer. Issuers of other parties belong in `trustedIssuers`.
   *
   * Tokens that are encrypted to a public key are accepted only with a nested JWS.
   *
   * @default {} (only tokens that `signing` signed)
   */
  readonly verification?: Readonly<Record<string, VerificationKeys>>;
  /**
   * Signing key of the first `issuer`, for tokens that are encrypted to a public key. Its public key also verifies
   * them.
   *
   * @default undefined (no tokens can be issued to public keys)
   */
  readonly signing?: SigningKey;
}

/** Verification keys by issuer (`iss`). */
export type Verification = ReadonlyMap<string, VerificationKeys>;

/**
 * Resolve the verification keys of every home issuer, including the public key of `signing`.
 *
 * @param where function that takes the options, for the error messages.
 * @throws TypeError if an issuer in `verification` is not listed in `issuer`, or a value has the wrong type.
 */
export function resolveVerification(
  { verification = {}, signing }: SignatureOptions,
  issuers: readonly string[],
  where: string,
): Verification {
  assertObject(verification, `${where}: verification`, '{ [issuer]: keys }');
  const resolved = new Map(Object.entries(verification));
  for (const [issuer, keys] of resolved) {
    if (!issuers.includes(issuer))
      throw new TypeError(
        `${where}: verification has an issuer that is not listed in issuer: add it to issuer, or remove it`,
      );
    assertMethod(
      keys,
      'find',
      `${where}: verification must contain VerificationKeys: pass await createVerificationKeys(...) or remoteJwks(...)`,
    );
  }
  const [own] = issuers;
  if (signing === undefined || own === undefined) return resolved;
  assertMethod(
    signing.privateKey,
    'export',
    `${where}: signing must be a SigningKey: pass await createSigningKey(...)`,
  );
  return resolved.set(own, includeOwn(signing, resolved.get(own)));
}

/**
 * Add the public key of `signing`, because an issuer accepts the tokens that it signs. These tokens have a `kid`, so
 * only the other keys are searched for a JWS without `kid`.
 */
function includeOwn(signing: SigningKey, others?: VerificationKeys): VerificationKeys {
  const { kid, alg, publicKey } = signing;
  const own = keepVerificationKeys([{ kid, alg, publicKey }]);
  if (others === undefined) return own;
  return Object.freeze({
    find: (name: string | undefined, algorithm: string) =>
      (name === undefined ? undefined : own.find(name, algorithm)) ?? others.find(name, algorithm),
    exportPublicKeys: () => {
      const { keys } = others.exportPublicKeys();
      return { keys: [toVerificationJwk(signing), ...keys.filter((key) => key['kid'] !== kid)] };
    },
  });
}
