import { systemClock } from '../base/clock.js';
import { assertMethod, assertPositiveInteger } from '../base/options.js';
import type { KeyRingInternals } from '../keys/key-ring-internals.js';
import { resolveVerification, type Verification } from '../keys/resolve-verification.js';
import type { RevocationCheck } from '../revocation/check-revocation.js';
import type { ClaimsPolicy } from '../token/claims/claims-policy.js';
import { assertClaimsSchema } from '../token/claims/claims-schema.js';
import { type LegacyPolicy, resolveLegacyPolicy } from '../token/legacy-policy.js';
import { type Home, resolveHome } from './resolve-home.js';
import type { TokenVerifierOptions } from './token-verifier-options.js';
import { resolveTrustedIssuers, type TrustedIssuers } from './trusted-issuers.js';

/** Validated options of a token verifier, with defaults applied. */
export interface ResolvedVerifier
  extends Required<Pick<TokenVerifierOptions, 'maxTokenLength' | 'clock'>>,
    Pick<TokenVerifierOptions<object>, 'apiKeys' | 'revocations' | 'claimsSchema'> {
  /** Function that takes the options, for error messages. */
  readonly where: string;
  readonly keyRing: KeyRingInternals;
  /** Whether home issuers are configured. Otherwise, only tokens of trusted issuers are accepted. */
  readonly hasHome: boolean;
  /** Verification keys of home issuers, by `iss`. */
  readonly verification: Verification;
  /** Claims policy for tokens of home issuers. */
  readonly claimsPolicy: ClaimsPolicy;
  /** Issuers of other parties. `undefined` if there are none. */
  readonly trusted: TrustedIssuers | undefined;
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
  const { keyRing, policy } = resolveHome(options, where);
  const hasHome = policy.issuers.size > 0;
  assertParts(options, where);
  assertClaimsSchema(options.claimsSchema, where);
  const { apiKeys, revocations, claimsSchema, clock = systemClock } = options;
  const { maxTokenLength = DEFAULT_MAX_TOKEN_LENGTH } = options;
  const legacy = resolveLegacyPolicy(options.legacy, policy, where);
  const trusted = resolveTrusted(options, { home: policy, legacy, keyRing }, where);
  const verification = resolveVerification(options, [...policy.issuers], where);
  if (verification.size > 1) warnOfHomeIssuers(where);
  const legacySeconds = legacy === undefined ? 0 : legacy.until - clock();
  const trustedSeconds = trusted?.maxTokenLifetimeSeconds ?? 0;
  coverRevocations(
    Math.max(policy.maxTokenLifetimeSeconds, legacySeconds, trustedSeconds),
    where,
    revocations,
  );
  const resolved: ResolvedVerifier = {
    ...{ where, keyRing, hasHome, maxTokenLength, clock, verification, trusted, legacy },
    claimsPolicy: Object.freeze({ ...policy, audiences }),
    ...(apiKeys === undefined ? {} : { apiKeys }),
    ...(claimsSchema === undefined ? {} : { claimsSchema }),
    ...(revocations === undefined ? {} : { revocations }),
  };
  acceptAudiences([...policy.audiences], audiences, resolved);
  return resolved;
}

/** Resolve the trusted issuers, which inherit the claims options of the verifier. */
function resolveTrusted(
  options: TokenVerifierOptions<object>,
  { home, legacy, keyRing }: { home: ClaimsPolicy; legacy: LegacyPolicy | undefined } & Pick<Home, 'keyRing'>,
  where: string,
): TrustedIssuers | undefined {
  const { trustedIssuers = [], clock = systemClock } = options;
  const { requiredClaims, scopeClaim, clockToleranceSeconds, maxTokenAgeSeconds, maxTokenLifetimeSeconds } =
    home;
  const inherited = {
    ...{ requiredClaims, scopeClaim, clockToleranceSeconds, maxTokenLifetimeSeconds, clock },
    ...(Number.isFinite(maxTokenAgeSeconds) ? { maxTokenAgeSeconds } : {}),
  };
  const homeIssuers = new Set([...home.issuers, ...(legacy === undefined ? [] : [legacy.issuer])]);
  const trusted = resolveTrustedIssuers(trustedIssuers, { home: homeIssuers, inherited }, where);
  if (trusted.terms.length === 0) return undefined;
  assertSeparateKeys(trusted, keyRing, where);
  return trusted;
}

/** Assert that no key of a trusted issuer is a key of the key ring, by its `kid` or its secret. */
function assertSeparateKeys({ terms }: TrustedIssuers, keyRing: KeyRingInternals, where: string): void {
  for (const [index, { decryption }] of terms.entries()) {
    const place = `${where}: trustedIssuers[${index}].decryption`;
    const shared = decryption.keys.find(({ kid }) => keyRing.decryptionKey(kid) !== undefined);
    if (shared !== undefined) {
      throw new TypeError(
        `${place} and keyRing both have the kid ${shared.kid}: use a separate key for tokens of other issuers`,
      );
    }
    if (decryption.keys.some((key) => key.type === 'secret' && keyRing.hasSecret(key.secret))) {
      throw new TypeError(
        `${place} has a secret of keyRing, with which the issuer could create your own tokens: use a separate key`,
      );
    }
  }
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
