import { assertMethod, assertOptions, type KnownOptions } from '../base/options.js';
import type { Verification } from '../keys/resolve-verification.js';
import type { VerificationKeys } from '../keys/verification-keys.js';
import { type ClaimsPolicy, resolveStrings } from '../token/claims/claims-policy.js';
import { isScopeToken } from '../token/claims/scope.js';

/**
 * Another issuer whose tokens are accepted beside those of the home issuers. Its tokens are of the type `external`,
 * even if they claim another type, and must carry a nested JWS that verifies (RFC 7519 appendix A.2).
 */
export interface TrustedIssuer {
  /** `iss` of its tokens, exactly. RFC 7519 section 4.1.1. */
  readonly issuer: string;
  /** Audiences that its tokens may be for. Handlers and guards see no other. RFC 7519 section 4.1.3. */
  readonly audience: string | readonly string[];
  /** Scope tokens that it may grant; all others are dropped. `[]` grants none. */
  readonly scopes: readonly string[];
  /** Keys that verify its signatures: `remoteJwks({ url })` or `await createVerificationKeys({ file })`. */
  readonly verification: VerificationKeys;
}

const KNOWN: KnownOptions<TrustedIssuer> = { issuer: true, audience: true, scopes: true, verification: true };

/** What the trusted issuers add to the policy of the home issuers, by `iss`. */
export interface ResolvedTrust {
  readonly policies: ReadonlyMap<unknown, ClaimsPolicy>;
  readonly verification: Verification;
}

/**
 * @param home policy of the home issuers.
 * @throws TypeError for an option that is missing or malformed, or an issuer that is listed twice.
 */
export function resolveTrustedIssuers(trusted: readonly TrustedIssuer[], home: ClaimsPolicy): ResolvedTrust {
  if (!Array.isArray(trusted)) throw new TypeError('trustedIssuers must be an array of objects');
  const policies = new Map<string, ClaimsPolicy>();
  const verification = new Map<string, VerificationKeys>();
  for (const each of trusted) {
    assertTrustedIssuer(each);
    if (home.issuers.has(each.issuer) || policies.has(each.issuer)) {
      throw new TypeError(
        'trustedIssuers lists an issuer twice, or one that `issuer` lists as a home issuer',
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
