import { isNumericDate, type NumericDate } from '../base/clock.js';
import { MAX_CLOCK_TOLERANCE_SECONDS } from '../token/claims/claims-policy.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { prepareVerifier } from '../verify/token-verifier.js';
import { type AudienceTracker, followAudiences } from './follow-audiences.js';
import type { TokenRouterSettings } from './token-router-options.js';

/** @throws InvalidTokenError or TemporarilyUnavailableError (as rejection), as `TokenVerifier` does. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/** How the endpoints of the token router verify the tokens that clients send them. */
export interface RouterVerifiers {
  /** For exchange and introspection: proven, live, and of an API key in force. */
  readonly verifyLive: VerifyToken;
  /** For revocation: whatever any reader may still accept, of an API key in whatever state. */
  readonly verifyRevocable: VerifyToken;
}

/** @throws TypeError if `provenanceSince` is not a NumericDate of the past */
export function createRouterVerifiers(
  settings: TokenRouterSettings,
  audiences: AudienceTracker,
): RouterVerifiers {
  const { clock } = settings;
  const transitionEnds = resolveTransition(settings);
  const issuer = pickIssuer(settings);
  const lenient = { ...issuer, clockToleranceSeconds: MAX_CLOCK_TOLERANCE_SECONDS };
  const revocable = followAudiences(audiences, (audience) => prepareVerifier({ ...lenient, audience }));
  const live = followAudiences(audiences, (audience) =>
    prepareVerifier({ ...issuer, ...pickState(settings), audience }),
  );
  return {
    verifyLive: (token) => live().verifyProven(token),
    verifyRevocable: async (token) =>
      clock() < transitionEnds ? revocable().verify(token) : revocable().verifyProven(token),
  };
}

function pickIssuer({
  keyRing,
  issuer,
  maxTokenLifetimeSeconds,
  clock,
  signing,
  verification,
}: TokenRouterSettings) {
  return {
    ...{ keyRing, issuer, maxTokenLifetimeSeconds, clock, tokenCache: false as const },
    ...(signing && { signing }),
    ...(verification && { verification }),
  };
}

function pickState({ apiKeys, revocations }: TokenRouterSettings) {
  return { apiKeys, ...(revocations === undefined ? {} : { revocations }) };
}

/** When the last token without a proof has expired, for every reader. */
function resolveTransition(settings: TokenRouterSettings): NumericDate {
  const { provenanceSince, maxTokenLifetimeSeconds, clock } = settings;
  if (provenanceSince === undefined) return Number.NEGATIVE_INFINITY;
  if (!isNumericDate(provenanceSince)) {
    throw new TypeError('provenanceSince must be a NumericDate: seconds since 1970, not milliseconds');
  }
  if (provenanceSince > clock() + maxTokenLifetimeSeconds) {
    throw new TypeError('provenanceSince lies too far in the future: pass the time of the deployment');
  }
  return provenanceSince + maxTokenLifetimeSeconds + MAX_CLOCK_TOLERANCE_SECONDS;
}
