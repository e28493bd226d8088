import { systemClock } from '../base/clock.js';
import { assertMethod, assertPositiveInteger } from '../base/options.js';
import { internalsOf, type KeyRingInternals } from '../keys/key-ring-internals.js';
import { resolveVerification, type Verification } from '../keys/resolve-verification.js';
import type { RevocationCheck } from '../revocation/check-revocation.js';
import { type ClaimsPolicy, resolveClaimsPolicy, resolveStrings } from '../token/claims/claims-policy.js';
import { type LegacyPolicy, resolveLegacyPolicy } from '../token/legacy-policy.js';
import type { TokenVerifierOptions } from './token-verifier-options.js';
import { resolveTrustedIssuers } from './trusted-issuers.js';

/** The options of a token verifier, checked and with their defaults. */
export interface ResolvedVerifier
  extends Required<Pick<TokenVerifierOptions, 'maxTokenLength' | 'clock'>>,
    Pick<TokenVerifierOptions, 'apiKeys' | 'revocations'> {
  readonly keyRing: KeyRingInternals;
  /** Verification keys of home issuers and trusted issuers. */
  readonly verification: Verification;
  /** Policy of home issuers. */
  readonly claimsPolicy: ClaimsPolicy;
  /** Policies of trusted issuers, by `iss`. */
  readonly trustedPolicies: ReadonlyMap<unknown, ClaimsPolicy>;
  readonly legacy: LegacyPolicy | undefined;
}

const DEFAULT_MAX_TOKEN_LENGTH = 8192;

/**
 * @param audiences set of accepted audiences, to which those of the options are added. The policy refers to it, so that
 *   it can grow later, by `acceptAudiences`.
 * @throws TypeError for a missing or malformed option.
 */
export function resolveVerifier(options: TokenVerifierOptions, audiences: Set<string>): ResolvedVerifier {
  const keyRing = internalsOf(options.keyRing);
  assertParts(options);
  const { apiKeys, revocations, clock = systemClock } = options;
  const { maxTokenLength = DEFAULT_MAX_TOKEN_LENGTH } = options;
  const configured = resolveClaimsPolicy(options);
  const trust = resolveTrustedIssuers(options.trustedIssuers ?? [], configured);
  const legacy = resolveLegacyPolicy(options.legacy, configured);
  const own = resolveVerification(options, resolveStrings(options.issuer, 'issuer'));
  if (own.size > 1) warnOfHomeIssuers();
  if (legacy !== undefined && trust.policies.has(legacy.issuer)) {
    throw new TypeError('legacy.issuer must not be one of trustedIssuers: its tokens count as our own');
  }
  const legacySeconds = legacy === undefined ? 0 : legacy.until - clock();
  coverRevocations(Math.max(configured.maxTokenLifetimeSeconds, legacySeconds), revocations);
  const resolved: ResolvedVerifier = {
    keyRing,
    maxTokenLength,
    clock,
    verification: new Map([...own, ...trust.verification]),
    claimsPolicy: Object.freeze({ ...configured, audiences }),
    trustedPolicies: trust.policies,
    legacy,
    ...(apiKeys === undefined ? {} : { apiKeys }),
    ...(revocations === undefined ? {} : { revocations }),
  };
  acceptAudiences([...configured.audiences], audiences, resolved);
  return resolved;
}

/**
 * Adds audiences to a set of accepted ones, after preparing their keys.
 * @throws TypeError if tokens for one of them must be signed and there are no verification keys; none is added.
 */
export function acceptAudiences(
  added: readonly string[],
  accepted: Set<string>,
  { keyRing, verification }: Pick<ResolvedVerifier, 'keyRing' | 'verification'>,
): void {
  const missing = added.filter((audience) => !accepted.has(audience));
  for (const audience of missing) {
    keyRing.prepare('access', audience);
    assertSigned(keyRing, audience, verification);
  }
  for (const audience of missing) accepted.add(audience);
}

function assertSigned(keyRing: KeyRingInternals, audience: string, verification: Verification): void {
  if (verification.size > 0 || !keyRing.needsSignature(audience)) return;
  throw new TypeError(
    'This key ring has public-key recipients, so tokens must also be signed: set signing (to issue) or verification (to accept)',
  );
}

/** A revocation must be remembered until its token has expired. */
function coverRevocations(longestSeconds: number, revocations?: RevocationCheck): void {
  const rememberedSeconds = revocations?.maxTokenLifetimeSeconds ?? Number.POSITIVE_INFINITY;
  if (longestSeconds > rememberedSeconds) {
    throw new TypeError(
      'Revocations are forgotten before tokens expire: raise maxTokenLifetimeSeconds of createRevocations()',
    );
  }
  revocations?.coverAccessTokens?.(longestSeconds);
}

let hasWarned = false;

/** Separate keys suggest separate parties, of which only one can be the home issuer. */
function warnOfHomeIssuers(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'verification has keys of several home issuers, whose tokens may all name your API keys and users: move issuers of other parties from issuer to trustedIssuers',
    { code: 'PASSPORT_JWE_HOME_ISSUERS' },
  );
}

function assertParts({ revocations, apiKeys, clock, maxTokenLength }: TokenVerifierOptions): void {
  if (clock !== undefined && typeof clock !== 'function') {
    throw new TypeError('clock must be a function that returns a NumericDate');
  }
  if (revocations !== undefined) assertMethod(revocations, 'isRevoked', 'revocations needs isRevoked(token)');
  if (apiKeys !== undefined)
    assertMethod(apiKeys, 'get', 'apiKeys needs get(keyId): await watchApiKeys(...)');
  if (maxTokenLength !== undefined) {
    assertPositiveInteger(maxTokenLength, 'token verifier', 'maxTokenLength', DEFAULT_MAX_TOKEN_LENGTH);
  }
}
