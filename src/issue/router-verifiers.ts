import { isNumericDate, type NumericDate } from '../base/clock.js';
import { MAX_CLOCK_TOLERANCE_SECONDS } from '../token/claims/claims-policy.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { prepareVerifier } from '../verify/token-verifier.js';
import type { TokenRouterSettings } from './token-router-options.js';
import { listAudiences, trackAudiences } from './track-audiences.js';

/**
 * Verifies a token.
 *
 * @throws InvalidTokenError (as rejection) if the token is rejected
 * @throws TemporarilyUnavailableError (as rejection) if a key or a revocation cannot be looked up
 */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/**
 * Verifiers of the tokens that clients send to the endpoints. They share keys, audiences and token cache. A token that is
 * bound to a key needs no proof: the endpoints decide what the client may do with it.
 */
export interface RouterVerifiers {
  /**
   * Accept unrevoked tokens of active API keys that carry a proof of issuance. For token exchange and introspection.
   */
  readonly verifyLive: VerifyToken;
  /**
   * Accept every token that a verifier may still accept, even if its API key is inactive. For revocation. The token
   * must carry a proof of issuance, except during the transition after `provenanceSince`.
   */
  readonly verifyRevocable: VerifyToken;
  /** Accept the current audiences of all API keys. Audiences that API keys no longer list remain accepted. */
  readonly followAudiences: () => void;
}

/**
 * Create the verifiers of a token router.
 *
 * @throws TypeError if `provenanceSince` is malformed or too far in the future
 */
export function createRouterVerifiers(settings: TokenRouterSettings): RouterVerifiers {
  const { keyRing, apiKeys, revocations, maxTokenLifetimeSeconds, clock } = settings;
  const issuer = [settings.issuer, ...settings.previousIssuers];
  const { signing, verification } = settings;
  const transitionEnds = resolveTransition(settings);
  const verifierOptions = {
    ...{ keyRing, issuer, apiKeys, maxTokenLifetimeSeconds, clock },
    audience: [settings.audience, ...listAudiences(apiKeys)],
    ...(revocations && { revocations }),
    ...(signing && { signing }),
    ...(verification && { verification }),
  };
  const live = prepareVerifier(verifierOptions, 'tokenRouter');
  const revocable = live.withRules({
    maxTokenLifetimeSeconds,
    clockToleranceSeconds: MAX_CLOCK_TOLERANCE_SECONDS,
  });
  const followAudiences = trackAudiences(apiKeys, (audiences) => live.addAudiences(audiences));

  return {
    async verifyLive(token) {
      followAudiences();
      return live.verifyProven(token, 'any');
    },
    async verifyRevocable(token) {
      followAudiences();
      return clock() < transitionEnds ? revocable.verify(token, 'any') : revocable.verifyProven(token, 'any');
    },
    followAudiences,
  };
}

/** Return the time at which the last token without a proof of issuance has expired for every verifier. */
function resolveTransition(settings: TokenRouterSettings): NumericDate {
  const { provenanceSince, maxTokenLifetimeSeconds, clock } = settings;
  if (provenanceSince === undefined) return Number.NEGATIVE_INFINITY;
  if (!isNumericDate(provenanceSince)) {
    throw new TypeError(
      'tokenRouter: provenanceSince must be a NumericDate in seconds since 1970, not milliseconds, for example 1798761600',
    );
  }
  if (provenanceSince > clock() + maxTokenLifetimeSeconds) {
    throw new TypeError(
      'tokenRouter: provenanceSince is too far in the future: pass the time of the deployment',
    );
  }
  return provenanceSince + maxTokenLifetimeSeconds + MAX_CLOCK_TOLERANCE_SECONDS;
}
