import { systemClock } from '../base/clock.js';
import { assertMethod, assertPositiveInteger } from '../base/options.js';
import { internalsOf, type KeyRingInternals } from '../keys/key-ring-internals.js';
import { resolveVerification, type Verification } from '../keys/resolve-verification.js';
import type { RevocationCheck } from '../revocation/check-revocation.js';
import { type ClaimsPolicy, resolveClaimsPolicy, resolveStrings } from '../token/claims/claims-policy.js';
import { assertClaimsSchema } from '../token/claims/claims-schema.js';
import { type LegacyPolicy, resolveLegacyPolicy } from '../token/legacy-policy.js';
import type { TokenVerifierOptions } from './token-verifier-options.js';
import { resolveTrustedIssuers } from './trusted-issuers.js';

/** The options of a token verifier, checked and with their defaults. */
export interface ResolvedVerifier
  extends Required<Pick<TokenVerifierOptions, 'maxTokenLength' | 'clock'>>,
    Pick<TokenVerifierOptions<object>, 'apiKeys' | 'revocations' | 'claimsSchema'> {
  readonly keyRing: KeyRingInternals;
  /** Verification keys of home issuers and trusted issuers. */
  readonly verification: Verification;
  /** Policy of home issuers. */
  readonly claimsPolicy: ClaimsPolicy;
  /** Policies of trusted issuers, by `iss`. */
  readonly trustedPolicies: ReadonlyMap<unknown, ClaimsPolicy>;
  readonly legacy: LegacyPolicy | undefined;
}

/** Default of `maxTokenLength`, in characters. */
export const DEFAULT_MAX_TOKEN_LENGTH = 8192;

/**
 * Resolves the options of a token verifier.
 *
 * @param audiences set of accepted audiences, to which those of the options are added. The policy refers to the set, so
 *   that `acceptAudiences` can add to it later.
 * @throws TypeError for a missing or malformed option.
 */
export function resolveVerifier(
  options: TokenVerifierOptions<object>,
  audiences: Set<string>,
): ResolvedVerifier {
  const keyRing = internalsOf(options.keyRing);
  assertParts(options);
  assertClaimsSchema(options.claimsSchema, 'token verifier');
  const { apiKeys, revocations, claimsSchema, clock = systemClock } = options;
  const { maxTokenLength = DEFAULT_MAX_TOKEN_LENGTH } = options;
  const configured = resolveClaimsPolicy(options);
  const trust = resolveTrustedIssuers(options.trustedIssuers ?? [], configured);
  const legacy = resolveLegacyPolicy(options.legacy, configured);
  const own = resolveVerification(options, resolveStrings(options.issuer, 'issuer'));
  if (own.size > 1) warnOfHomeIssuers();
  if (legacy !== undefined && trust.policies.has(legacy.issuer)) {
    throw new TypeError(
      'legacy.issuer must not be one of trustedIssuers, because its tokens count as tokens of a home issuer',
    );
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
    ...(claimsSchema === undefined ? {} : { claimsSchema }),
    ...(revocations === undefined ? {} : { revocations }),
  };
  acceptAudiences([...configured.audiences], audiences, resolved);
  return resolved;
}

/**
 * Prepares the keys of audiences, then adds them to a set of accepted audiences.
 *
 * @throws TypeError if tokens for an audience must be signed and there are no verification keys. No audience is added.
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

/** A revocation must be stored until its token has expired. */
function coverRevocations(longestSeconds: number, revocations?: RevocationCheck): void {
  const rememberedSeconds = revocations?.maxTokenLifetimeSeconds ?? Number.POSITIVE_INFINITY;
  if (longestSeconds > rememberedSeconds) {
    throw new TypeError(
      'Revocations are deleted before tokens expire: raise maxTokenLifetimeSeconds of createRevocations()',
    );
  }
  revocations?.coverAccessTokens?.(longestSeconds);
}

let hasWarned = false;

/** Separate keys suggest separate parties, but only one party can be the home issuer. */
function warnOfHomeIssuers(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'verification has keys of several home issuers, and each of them can issue tokens for your API keys and users: move issuers of other parties from issuer to trustedIssuers',
    { code: 'PASSPORT_JWE_HOME_ISSUERS' },
  );
}

function assertParts({ revocations, apiKeys, clock, maxTokenLength }: TokenVerifierOptions<object>): void {
  if (clock !== undefined && typeof clock !== 'function') {
    throw new TypeError('token verifier: clock must be a function that returns a NumericDate, in seconds');
  }
  if (revocations !== undefined)
    assertMethod(
      revocations,
      'isRevoked',
      'token verifier: revocations must have the method isRevoked(): pass createRevocations(...)',
    );
  if (apiKeys !== undefined)
    assertMethod(
      apiKeys,
      'get',
      'token verifier: apiKeys must have the method get(): pass await watchApiKeys(...)',
    );
  if (maxTokenLength !== undefined) {
    assertPositiveInteger(maxTokenLength, 'token verifier', 'maxTokenLength', DEFAULT_MAX_TOKEN_LENGTH);
  }
}
