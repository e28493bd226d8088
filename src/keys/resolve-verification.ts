import { assertMethod, assertObject } from '../base/options.js';
import { toVerificationJwk } from './public-jwk.js';
import type { SigningKey } from './signature-key.js';
import { keepVerificationKeys, type VerificationKeys } from './verification-keys.js';

/** How nested tokens are signed and verified. */
export interface SignatureOptions {
  /**
   * Verification keys by home issuer, for tokens with a nested JWS (RFC 7519 appendix A.2): each is pinned to its issuer,
   * which must be one of `issuer`; those of other parties belong in `trustedIssuers`. Tokens that are encrypted to a public key are accepted only with one. Default: no
   * nested token is accepted but our own, where there is a `signing` key.
   */
  readonly verification?: Readonly<Record<string, VerificationKeys>>;
  /**
   * Key of the first `issuer`, by which it signs what it encrypts to a public key. Its own public half verifies too.
   * Default: nothing can be issued under such a key.
   */
  readonly signing?: SigningKey;
}

/** What is looked up by the issuer that a token claims. */
export type Verification = ReadonlyMap<string, VerificationKeys>;

/** @throws TypeError for an issuer that is not accepted, or what are no keys. */
export function resolveVerification(
  { verification = {}, signing }: SignatureOptions,
  issuers: readonly string[],
): Verification {
  assertObject(verification, 'verification, as { [issuer]: keys },');
  const resolved = new Map(Object.entries(verification));
  for (const [issuer, keys] of resolved) {
    if (!issuers.includes(issuer)) throw new TypeError('verification names an issuer that is none of issuer');
    assertMethod(keys, 'find', 'verification needs keys: createVerificationKeys(...) or remoteJwks(...)');
  }
  const [own] = issuers;
  if (signing === undefined || own === undefined) return resolved;
  assertSigningKey(signing);
  return resolved.set(own, includeOwn(signing, resolved.get(own)));
}

/** What an issuer signs it also accepts, whatever else does. */
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
