import type { NumericDate } from '../base/clock.js';
import type { DecryptionKeysInternals } from '../keys/decryption-keys-internals.js';
import type { VerificationKeys } from '../keys/verification-keys.js';
import type { ClaimsOptions } from '../token/claims/claims-policy.js';
import type { IssuerMatcher, TrustedIssuer } from './trusted-issuer-options.js';

/** Options of the claims policy that an issuer can override. */
export type ClaimsTerms = Pick<
  ClaimsOptions,
  'requiredClaims' | 'scopeClaim' | 'clockToleranceSeconds' | 'maxTokenAgeSeconds' | 'maxTokenLifetimeSeconds'
>;

/** Validated options of a trusted issuer. */
export interface IssuerTerms {
  readonly issuer: string | IssuerMatcher;
  readonly audiences: readonly string[];
  /** Our scope tokens by scope token of the issuer. */
  readonly scopes: ReadonlyMap<string, readonly string[]>;
  readonly decryption: DecryptionKeysInternals;
  readonly verification: VerificationKeys | ((issuer: string) => VerificationKeys) | undefined;
  readonly keyManagement: ReadonlySet<string>;
  readonly contentEncryption: ReadonlySet<string>;
  readonly signature: ReadonlySet<string>;
  readonly typs: ReadonlySet<string>;
  readonly acceptsMissingTyp: boolean;
  readonly claims: ClaimsTerms;
  readonly clientClaim: string;
  readonly impliedClaims: ReadonlySet<'aud' | 'iss'>;
  readonly kidlessRotation: boolean;
  /** Time from which tokens without encryption are rejected. `0` rejects all. */
  readonly signedOnlyUntil: NumericDate;
}

const bound = new WeakMap<object, IssuerTerms>();

/** Bind the terms to a trusted issuer at construction. */
export function bindIssuerTerms(trusted: TrustedIssuer, terms: IssuerTerms): TrustedIssuer {
  bound.set(trusted, terms);
  return trusted;
}

/** Return the terms of a trusted issuer, or `undefined` if this package did not create the object. */
export function issuerTermsOf(trusted: unknown): IssuerTerms | undefined {
  return typeof trusted === 'object' && trusted !== null ? bound.get(trusted) : undefined;
}
