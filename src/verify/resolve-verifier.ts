import { systemClock } from '../base/clock.js';
import { assertMethod, assertPositiveInteger } from '../base/options.js';
import { internalsOf, type KeyRingInternals } from '../keys/key-ring-internals.js';
import { resolveVerification, type Verification } from '../keys/resolve-verification.js';
import type { RevocationCheck } from '../revocation/check-revocation.js';
import { type ClaimsPolicy, resolveClaimsPolicy } from '../token/claims/claims-policy.js';
import { assertClaimsSchema } from '../token/claims/claims-schema.js';
import { type LegacyPolicy, resolveLegacyPolicy } from '../token/legacy-policy.js';
import type { TokenVerifierOptions } from './token-verifier-options.js';
import { resolveTrustedIssuers } from './trusted-issuers.js';

/** Validated options of a token verifier, with defaults applied. */
export interface ResolvedVerifier
  extends Required<Pick<TokenVerifierOptions, 'maxTokenLength' | 'clock'>>,
    Pick<TokenVerifierOptions<object>, 'apiKeys' | 'revocations' | 'claimsSchema'> {
  /** Function that takes the options, for error messages. */
  readonly where: string;
  readonly keyRing: KeyRingInternals;
  /** Verification keys of home issuers and trusted issuers, by `iss`. */
  readonly verification: Verification;
  /** Claims policy for tokens of home issuers. */
  readonly claimsPolicy: ClaimsPolicy;
  /** Claims policies for tokens of trusted issuers, by `iss`. */
  readonly trustedPolicies: ReadonlyMap<unknown, ClaimsPolicy>;
  readonly legacy: LegacyPolicy | undefined;
}

/** Default of `maxTokenLength`, in characters. */
export const DEFAULT_MAX_TOKEN_LENGTH = 8192;

/**
 * Validate the options of a token verifier and apply the defaults.
 *
 * @param audiences mutable set of accepted audiences. This function adds the option `audience`, and `acceptAudiences()`
 *   can add more audiences later
 * @param where function that takes the options, for the error messages
 * @throws TypeError if an option is missing or malformed
 */
export function resolveVerifier(
  options: TokenVerifierOptions<object>,
  audiences: Set<string>,
  where: string,
): ResolvedVerifier {
  const keyRing = internalsOf(options.keyRing, where);
  assertParts(options, where);
  assertClaimsSchema(options.claimsSchema, where);
  const { apiKeys, revocations, claimsSchema, clock = systemClock } = options;
  const { maxTokenLength = DEFAULT_MAX_TOKEN_LENGTH } = options;
  const configured = resolveClaimsPolicy(options, where);
  const trust = resolveTrustedIssuers(options.trustedIssuers ?? [], configured, where);
  const legacy = resolveLegacyPolicy(options.legacy, configured, where);
  const own = resolveVerification(options, [...configured.issuers], where);
  if (own.size > 1) warnOfHomeIssuers(where);
  if (legacy !== undefined && trust.policies.has(legacy.issuer)) {
    throw new TypeError(
      `${where}: legacy.issuer is also in trustedIssuers, but legacy tokens have the rights of a home issuer: remove this issuer from trustedIssuers`,
    );
  }
  const legacySeconds = legacy === undefined ? 0 : legacy.until - clock();
  coverRevocations(Math.max(configured.maxTokenLifetimeSeconds, legacySeconds), where, revocations);
  const resolved: ResolvedVerifier = {
    where,
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
 * Add audiences to a set of accepted audiences, after preparing the decryption keys of all of them.
 *
 * @throws TypeError if tokens for an audience must be signed, but there are no verification keys. In that case, no
 *   audience is added
 */
export function acceptAudiences(
  added: readonly string[],
  accepted: Set<string>,
  { where, keyRing, verification }: Pick<ResolvedVerifier, 'where' | 'keyRing' | 'verification'>,
): void {
  const missing = added.filter((audience) => !accepted.has(audience));
  for (const audience of missing) {
    keyRing.prepare('access', audience);
    if (verification.size === 0 && keyRing.needsSignature(audience)) {
      throw new TypeError(
        `${where}: keyRing has public-key recipients, so tokens must also be signed: set signing (to issue) or verification (to accept)`,
      );
    }
  }
  for (const audience of missing) accepted.add(audience);
}

/** Assert that every revocation is stored until the revoked token has expired. */
function coverRevocations(longestSeconds: number, where: string, revocations?: RevocationCheck): void {
  const rememberedSeconds = revocations?.maxTokenLifetimeSeconds ?? Number.POSITIVE_INFINITY;
  if (longestSeconds > rememberedSeconds) {
    throw new TypeError(
      `${where}: revocations are deleted before tokens expire: raise maxTokenLifetimeSeconds of createRevocations()`,
    );
  }
  revocations?.coverAccessTokens?.(longestSeconds);
}

let hasWarned = false;

/**
 * Warn once that home issuers have separate keys. This suggests separate parties, but all home issuers are one party.
 */
function warnOfHomeIssuers(where: string): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    `${where}: verification has keys of several home issuers. Each home issuer can issue tokens for your API keys and users: move issuers of other parties from issuer to trustedIssuers`,
    { code: 'PASSPORT_JWE_HOME_ISSUERS' },
  );
}

function assertParts(options: TokenVerifierOptions<object>, where: string): void {
  const { revocations, apiKeys, clock, maxTokenLength } = options;
  if (clock !== undefined && typeof clock !== 'function') {
    throw new TypeError(
      `${where}: clock must be a function that returns seconds since 1970, for example () => Date.now() / 1000`,
    );
  }
  if (revocations !== undefined)
    assertMethod(
      revocations,
      'isRevoked',
      `${where}: revocations must have the method isRevoked(): pass createRevocations(...)`,
    );
  if (apiKeys !== undefined)
    assertMethod(
      apiKeys,
      'get',
      `${where}: apiKeys must have the method get(): pass await watchApiKeys(...)`,
    );
  if (maxTokenLength !== undefined) {
    assertPositiveInteger(maxTokenLength, where, 'maxTokenLength', DEFAULT_MAX_TOKEN_LENGTH);
  }
}
