import { assertMethod, assertOptions, type KnownOptions } from '../base/options.js';
import type { Verification } from '../keys/resolve-verification.js';
import type { VerificationKeys } from '../keys/verification-keys.js';
import { type ClaimsPolicy, resolveStrings } from '../token/claims/claims-policy.js';
import { isScopeToken } from '../token/claims/scope.js';

/**
 * An issuer of another party whose tokens are accepted. Its tokens must contain a nested JWS whose signature verifies
 * (RFC 7519 appendix A.2). They have the type `external`, even if they claim another type.
 */
export interface TrustedIssuer {
  /** Issuer, compared exactly with `iss`. RFC 7519 §4.1.1. */
  readonly issuer: string;
  /** Audiences that its tokens may have. Other audiences are hidden from handlers and guards. RFC 7519 §4.1.3. */
  readonly audience: string | readonly string[];
  /** Scope tokens that the issuer may grant. All others are removed. `[]` grants none. */
  readonly scopes: readonly string[];
  /** Keys that verify signatures of the issuer: `remoteJwks({ url })` or `await createVerificationKeys({ file })`. */
  readonly verification: VerificationKeys;
}

const KNOWN: KnownOptions<TrustedIssuer> = { issuer: true, audience: true, scopes: true, verification: true };

/** Policies and verification keys of the trusted issuers, by `iss`. */
export interface ResolvedTrust {
  readonly policies: ReadonlyMap<unknown, ClaimsPolicy>;
  readonly verification: Verification;
}

/**
 * Resolves the option `trustedIssuers`.
 *
 * @param home policy of the home issuers.
 * @throws TypeError for a missing or malformed option, or an issuer that is listed twice.
 */
export function resolveTrustedIssuers(trusted: readonly TrustedIssuer[], home: ClaimsPolicy): ResolvedTrust {
  if (!Array.isArray(trusted)) throw new TypeError('trustedIssuers must be an array of objects');
  const policies = new Map<string, ClaimsPolicy>();
  const verification = new Map<string, VerificationKeys>();
  for (const each of trusted) {
    assertTrustedIssuer(each);
    if (home.issuers.has(each.issuer) || policies.has(each.issuer)) {
      throw new TypeError(
        'trustedIssuers lists an issuer twice, or lists a home issuer: list each issuer only once, in issuer or trustedIssuers',
      );
    }
    policies.set(each.issuer, narrowPolicy(home, each));
    verification.set(each.issuer, each.verification);
  }
  return { policies, verification };
}

function assertTrustedIssuer(trusted: TrustedIssuer): void {
  assertOptions(trusted, KNOWN, 'trustedIssuers');
  const { issuer, scopes, verification } = trusted;
  if (typeof issuer !== 'string' || issuer === '') {
    throw new TypeError('trustedIssuers: issuer is required: pass the `iss` of its tokens');
  }
  if (!Array.isArray(scopes) || !scopes.every(isScopeToken)) {
    throw new TypeError('trustedIssuers: scopes is required: pass an array of scope tokens, [] for none');
  }
  const expected =
    'trustedIssuers: verification is required: pass remoteJwks(...) or createVerificationKeys(...)';
  assertMethod(verification, 'find', expected);
}

function narrowPolicy(home: ClaimsPolicy, { issuer, audience, scopes }: TrustedIssuer): ClaimsPolicy {
  return Object.freeze({
    ...home,
    issuers: new Set([issuer]),
    audiences: new Set(resolveStrings(audience, 'trustedIssuers: audience')),
    grantableScopes: new Set(scopes),
  });
}
