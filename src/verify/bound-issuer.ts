import type { VerificationKeys } from '../keys/verification-keys.js';
import type { ClaimsPolicy } from '../token/claims/claims-policy.js';
import type { IssuerTerms } from './issuer-terms.js';

/** A trusted issuer with its exact `iss`, and the rules for its tokens. Compared by identity. */
export interface BoundIssuer {
  readonly issuer: string;
  readonly terms: IssuerTerms;
  readonly policy: ClaimsPolicy;
  /** Keys of the nested JWS. `undefined` if the tokens have none. */
  readonly verification: VerificationKeys | undefined;
}
