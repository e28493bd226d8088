import { type Clock, isNumericDate, type NumericDate } from '../base/clock.js';
import { MAX_CLOCK_TOLERANCE_SECONDS } from '../token/claims/claims-policy.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { prepareVerifier, type TokenVerifierOptions } from '../verify/token-verifier.js';
import { type AudienceTracker, followAudiences } from './follow-api-keys.js';

/** @throws InvalidTokenError or TemporarilyUnavailableError (as rejection), as `TokenVerifier` does. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/** How the endpoints of the token router verify the tokens that clients send them. */
export interface RouterVerifiers {
  /** For exchange and introspection: proven, live, and of an API key in force. */
  readonly verifyLive: VerifyToken;
  /** For revocation: whatever any reader may still accept, of an API key in whatever state. */
  readonly verifyRevocable: VerifyToken;
}

/** What both verifiers have in common, for the audiences that the API keys have at the time. */
type IssuerOptions = Omit<TokenVerifierOptions, 'audience' | 'apiKeys' | 'revocations'>;

export interface RouterVerifierParts {
  readonly issuer: IssuerOptions;
  readonly live: Pick<TokenVerifierOptions, 'apiKeys' | 'revocations'>;
  readonly audiences: AudienceTracker;
  /** When proofs began, and the lifetime of the tokens before that. */
  readonly provenanceSince: NumericDate | undefined;
  readonly maxTokenLifetimeSeconds: number;
  readonly clock: Clock;
}

/** @throws TypeError for a `provenanceSince` that is no NumericDate. */
export function createRouterVerifiers(parts: RouterVerifierParts): RouterVerifiers {
  const { issuer, live, audiences, clock } = parts;
  const transitionEnds = resolveTransition(parts);
  const lenient = { ...issuer, clockToleranceSeconds: MAX_CLOCK_TOLERANCE_SECONDS };
  const proven = followAudiences(audiences, (audience) =>
    prepareVerifier({ ...lenient, tokenCache: false, audience }),
  );
  const unproven = followAudiences(audiences, (audience) =>
    prepareVerifier({ ...lenient, tokenCache: false, audience }),
  );
  const current = followAudiences(audiences, (audience) =>
    prepareVerifier({ ...issuer, ...live, tokenCache: false, audience }),
  );
  return {
    verifyLive: (token) => current().verifyProven(token),
    verifyRevocable: async (token) =>
      clock() < transitionEnds ? unproven().verify(token) : proven().verifyProven(token),
  };
}

/** When the last token without a proof has expired, for every reader. */
function resolveTransition(parts: RouterVerifierParts): NumericDate {
  const { provenanceSince, maxTokenLifetimeSeconds, clock } = parts;
  if (provenanceSince === undefined) return Number.NEGATIVE_INFINITY;
  if (!isNumericDate(provenanceSince)) {
    throw new TypeError('provenanceSince must be a NumericDate: seconds since 1970, not milliseconds');
  }
  if (provenanceSince > clock() + maxTokenLifetimeSeconds) {
    throw new TypeError('provenanceSince lies too far in the future: pass the time of the deployment');
  }
  return provenanceSince + maxTokenLifetimeSeconds + MAX_CLOCK_TOLERANCE_SECONDS;
}
