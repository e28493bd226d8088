import { isNumericDate, type NumericDate } from '../base/clock.js';
import { MAX_CLOCK_TOLERANCE_SECONDS } from '../token/claims/claims-policy.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { prepareVerifier } from '../verify/token-verifier.js';
import type { TokenRouterSettings } from './token-router-options.js';
import { listAudiences, trackAudiences } from './track-audiences.js';

/** Throws InvalidTokenError or TemporarilyUnavailableError (as rejection), as `TokenVerifier` does. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/** Verifiers of the tokens that clients send to the endpoints. Both share keys, audiences and token cache. */
export interface RouterVerifiers {
  /**
   * For exchange and introspection: accepts tokens with proof of issuance, of active API keys, that are not revoked.
   */
  readonly verifyLive: VerifyToken;
  /** For revocation: accepts every token with proof of issuance that a verifier may still accept, of any API key. */
  readonly verifyRevocable: VerifyToken;
  /** Adds the current audiences of the API keys. They stay accepted even after an API key has lost one. */
  readonly followAudiences: () => void;
}

/** @throws TypeError if `provenanceSince` is malformed or too far in the future */
export function createRouterVerifiers(settings: TokenRouterSettings): RouterVerifiers {
  const { keyRing, issuer, apiKeys, revocations, maxTokenLifetimeSeconds, clock } = settings;
  const { signing, verification } = settings;
  const transitionEnds = resolveTransition(settings);
  const live = prepareVerifier({
    ...{ keyRing, issuer, apiKeys, maxTokenLifetimeSeconds, clock },
    audience: [settings.audience, ...listAudiences(apiKeys)],
    ...(revocations && { revocations }),
    ...(signing && { signing }),
    ...(verification && { verification }),
  });
  const revocable = live.withRules({
    maxTokenLifetimeSeconds,
    clockToleranceSeconds: MAX_CLOCK_TOLERANCE_SECONDS,
  });
  const followAudiences = trackAudiences(apiKeys, (audiences) => live.addAudiences(audiences));

  return {
    async verifyLive(token) {
      followAudiences();
      return live.verifyProven(token);
    },
    async verifyRevocable(token) {
      followAudiences();
      return clock() < transitionEnds ? revocable.verify(token) : revocable.verifyProven(token);
    },
    followAudiences,
  };
}

/** The time from which every verifier rejects the last token without a proof as expired. */
function resolveTransition(settings: TokenRouterSettings): NumericDate {
  const { provenanceSince, maxTokenLifetimeSeconds, clock } = settings;
  if (provenanceSince === undefined) return Number.NEGATIVE_INFINITY;
  if (!isNumericDate(provenanceSince)) {
    throw new TypeError(
      'tokenRouter: provenanceSince must be a NumericDate: seconds since 1970, not milliseconds',
    );
  }
  if (provenanceSince > clock() + maxTokenLifetimeSeconds) {
    throw new TypeError(
      'tokenRouter: provenanceSince is too far in the future: pass the time of the deployment',
    );
  }
  return provenanceSince + maxTokenLifetimeSeconds + MAX_CLOCK_TOLERANCE_SECONDS;
}
