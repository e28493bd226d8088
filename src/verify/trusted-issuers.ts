import { assertMethod, assertOptions, type KnownOptions } from '../base/options.js';
import type { Verification } from '../keys/resolve-verification.js';
import type { VerificationKeys } from '../keys/verification-keys.js';
import { type ClaimsPolicy, resolveStrings } from '../token/claims/claims-policy.js';
import { isScopeToken } from '../token/claims/scope.js';

/**
 * Issuer of another party whose tokens are accepted. Each token must contain a nested JWS with a valid signature (RFC
 * 7519 appendix A.2). These tokens always have the type `external`, regardless of their claims.
 */
export interface TrustedIssuer {
  /** Exact value of `iss` in the tokens. RFC 7519 §4.1.1. */
  readonly issuer: string;
  /**
   * Audiences for which the issuer may issue tokens. All other audiences in `aud` are hidden from handlers and guards.
   * RFC 7519 §4.1.3.
   */
  readonly audience: string | readonly string[];
  /**
   * Scope tokens that the issuer may grant. All other scope tokens are removed. With `[]`, the scope is always empty.
   */
  readonly scopes: readonly string[];
  /** Verification keys of the issuer: `remoteJwks({ url })` or `await createVerificationKeys({ file })`. */
  readonly verification: VerificationKeys;
}

const KNOWN: KnownOptions<TrustedIssuer> = { issuer: true, audience: true, scopes: true, verification: true };

/** Claims policies and verification keys of the trusted issuers, by `iss`. */
export interface ResolvedTrust {
  readonly policies: ReadonlyMap<unknown, ClaimsPolicy>;
  readonly verification: Verification;
}

/**
 * Validate the option `trustedIssuers`, and derive a claims policy for each issuer.
 *
 * @param home claims policy of the home issuers, from which each policy is derived
 * @param where function that takes the option, for the error messages
 * @throws TypeError if a member is missing or malformed, or an issuer is listed twice
 */
export function resolveTrustedIssuers(
  trusted: readonly TrustedIssuer[],
  home: ClaimsPolicy,
  where: string,
): ResolvedTrust {
  if (!Array.isArray(trusted)) {
    throw new TypeError(
      `${where}: trustedIssuers must be an array, for example [{ issuer, audience, scopes, verification }]`,
    );
  }
  const policies = new Map<string, ClaimsPolicy>();
  const verification = new Map<string, VerificationKeys>();
  for (const [index, each] of trusted.entries()) {
    const place = `${where}: trustedIssuers[${index}]`;
    assertTrustedIssuer(each, place);
    if (home.issuers.has(each.issuer) || policies.has(each.issuer)) {
      throw new TypeError(
        `${place}.issuer is a duplicate or a home issuer: list each issuer once, in issuer or in trustedIssuers`,
      );
    }
    policies.set(each.issuer, narrowPolicy(home, each, place));
    verification.set(each.issuer, each.verification);
  }
  return { policies, verification };
}

function assertTrustedIssuer(trusted: TrustedIssuer, place: string): void {
  assertOptions(trusted, KNOWN, place);
  const { issuer, scopes, verification } = trusted;
  if (typeof issuer !== 'string' || issuer === '') {
    throw new TypeError(
      `${place}.issuer is required: pass the iss of its tokens, for example "https://idp.example.com"`,
    );
  }
  if (!Array.isArray(scopes) || !scopes.every(isScopeToken)) {
    throw new TypeError(
      `${place}.scopes is required: pass an array of scope tokens, for example ["read"], or [] for none`,
    );
  }
  const expected = `${place}.verification is required: pass remoteJwks(...) or await createVerificationKeys(...)`;
  assertMethod(verification, 'find', expected);
}

function narrowPolicy(home: ClaimsPolicy, trusted: TrustedIssuer, place: string): ClaimsPolicy {
  const { issuer, audience, scopes } = trusted;
  return Object.freeze({
    ...home,
    issuers: new Set([issuer]),
    audiences: new Set(resolveStrings(audience, `${place}.audience`, 'https://api.example.com')),
    grantableScopes: new Set(scopes),
  });
}
