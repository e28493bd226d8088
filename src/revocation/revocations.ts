import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, MAX_NUMERIC_DATE, type NumericDate, systemClock } from '../base/clock.js';
import { assertOptions, assertPositiveNumber, type KnownOptions } from '../base/options.js';
import { requireStore } from '../stores/require-store.js';
import type { RevocationFill, RevocationFold } from '../stores/revocation-store.js';
import type { Stores } from '../stores/stores.js';
import { DEFAULT_TOKEN_LIFETIME_SECONDS } from '../token/claims/claims-policy.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { bearersOf, namesOf } from './bearers-of.js';
import type { RevocationCheck } from './check-revocation.js';
import {
  assertRevocable,
  nameOfIssuer,
  nameOfKid,
  type Revocable,
  type RevocationNames,
  revocationName,
  revocationNames,
  widerNamesOf,
} from './revocable.js';

/** Options of `createRevocations()`: the store, the retention periods and the audit log. */
export interface RevocationsOptions {
  /** Stores of a driver, for example `createMemoryStores()`. Only the store `revocations` is used. */
  readonly stores: Pick<Stores, 'revocations'>;
  /**
   * Maximum lifetime of any token in seconds, including refresh tokens. It is the retention period of revocations of
   * API keys, sessions and subjects. Revocations of a `kid` never expire.
   *
   * @default 7_776_000 (90 days, the default lifetime of a refresh-token family)
   */
  readonly maxTokenLifetimeSeconds?: number;
  /**
   * Maximum lifetime of any access token in seconds. It is the retention period of revocations of ended sessions.
   * Verifiers and routers in this process raise the value if they accept longer lifetimes. Set it if only other
   * processes accept longer lifetimes.
   *
   * @default 86_400 (1 day, the default of `maxTokenLifetimeSeconds` in verifiers)
   */
  readonly maxAccessTokenLifetimeSeconds?: number;
  /**
   * Audit trail that receives an event for each revocation.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Clock that determines cut-offs and expiry.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
}

/**
 * Revocation service: revokes tokens and answers revocation checks. Pass it as `revocations` to `authenticate`,
 * `JweStrategy` and `tokenRouter`.
 */
export interface Revocations extends RevocationCheck {
  /**
   * Revoke a single token, a session, an API key, a subject, or all tokens encrypted under a `kid`. The revocation of
   * a session, API key or subject covers tokens issued up to the current second. Tokens issued later are accepted.
   *
   * If an API key has too many revocations of tokens and ended sessions, the store folds the oldest into a wider one.
   * It covers the access tokens of a subject or of the API key. Refresh-token families remain valid.
   *
   * @param requestedBy `key_id` of the client that requested the revocation
   * @param ip client address, for the audit log
   * @param reach `access_tokens` if the caller ends the refresh-token families itself, as `createSessions` does. The
   *   revocation then expires with the last access token. Default: `all_tokens`
   * @throws TypeError (as rejection) if the target is malformed
   * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable, or full of revocations that cannot
   *   be folded. The revocation may still have been stored. A retry is safe.
   * @example
   * await revocations.revoke({ kind: 'session', clientId: 'web', sessionId: 'session-1' });
   */
  revoke(target: Revocable, requestedBy?: string, ip?: string, reach?: RevocationReach): Promise<void>;
  /**
   * Whether a token or one of its ancestors in the delegation chain is revoked. Synchronous.
   *
   * @throws TemporarilyUnavailableError if the local replica exceeds its maximum age
   */
  isRevoked(token: VerifiedToken): boolean;
  /**
   * Whether the API key, subject, session or `kid` of a refresh-token family is revoked.
   *
   * @throws TemporarilyUnavailableError if the local replica exceeds its maximum age
   */
  isFamilyRevoked(family: FamilyIdentity): boolean;
  /** Upper bound of the replica age, in seconds. Newer revocations by other instances may be missing. */
  readonly ageSeconds: number;
  /** Fill level of the store, for metrics and readiness probes. `undefined` if the store does not report it. */
  readonly fill: RevocationFill | undefined;
  /** Retention period of revocations of API keys, sessions and subjects, in seconds. */
  readonly maxTokenLifetimeSeconds: number;
}

/** Scope of a revocation: all tokens, or access tokens without refresh-token families. */
export type RevocationReach = 'all_tokens' | 'access_tokens';

/** Identities of a refresh-token family. Revoking any of them revokes the family. */
export interface FamilyIdentity {
  readonly clientId: string;
  readonly subject: string;
  readonly sessionId: string;
  /** Creation time of the family. A later cut-off revokes the family, even if its current token is newer. */
  readonly createdAt: NumericDate;
  /**
   * `kid` of the refresh token.
   *
   * @default undefined (revocations of a `kid` are not checked)
   */
  readonly kid?: string;
}

const KNOWN: KnownOptions<RevocationsOptions> = {
  stores: true,
  maxTokenLifetimeSeconds: true,
  maxAccessTokenLifetimeSeconds: true,
  audit: true,
  clock: true,
};

/** Maximum clock skew between two instances plus the clock tolerance of a verifier, in seconds. */
const SLACK_SECONDS = 120;

/**
 * Create the revocation service. Verifiers use it to check tokens, and the token router uses it to revoke them.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 *
 * @example
 * const revocations = createRevocations({ stores: createMemoryStores() });
 * app.use(authenticate({ keyRing, issuer, audience, revocations }));
 */
export function createRevocations(options: RevocationsOptions): Revocations {
  assertOptions(options, KNOWN, 'createRevocations');
  const { audit = noAuditTrail, clock = systemClock, maxTokenLifetimeSeconds = 7_776_000 } = options;
  const store = requireStore(options.stores, 'revocations', 'createRevocations');
  assertAuditTrail(audit, 'createRevocations');
  const { maxAccessTokenLifetimeSeconds = DEFAULT_TOKEN_LIFETIME_SECONDS } = options;
  for (const [name, value] of Object.entries({ maxTokenLifetimeSeconds, maxAccessTokenLifetimeSeconds })) {
    assertPositiveNumber(value, 'createRevocations', name, 86_400);
  }
  let accessSeconds = Math.min(maxAccessTokenLifetimeSeconds, maxTokenLifetimeSeconds);

  // Cut-offs are in whole seconds, as is `iat`. Fractional times are rounded down.
  const covers = (name: string, issuedAt: NumericDate): boolean => {
    const entry = store.find(name);
    return (
      entry !== undefined && (entry.issuedUpTo === undefined || Math.floor(issuedAt) <= entry.issuedUpTo)
    );
  };
  const isAnyRevoked = (names: readonly string[], issuedAt: NumericDate): boolean =>
    issuedAt < store.completeSince() || names.some((name) => covers(name, issuedAt));

  /** Check the `kid` only. It has no issuer, because all issuers encrypt under the same key ring. */
  const isKeyRevoked = ({ claims, header: { kid } }: VerifiedToken): boolean =>
    isAnyRevoked(typeof kid === 'string' ? [nameOfKid(kid)] : [], claims.iat);
  let asked = { issuer: '', name: '' };
  /** Whether any revocation names the issuer. If none does, no further look-up is necessary. */
  const isIssuerNamed = (issuer: string): boolean => {
    if (asked.issuer !== issuer) asked = { issuer, name: nameOfIssuer(issuer) };
    return store.find(asked.name) !== undefined;
  };

  return Object.freeze({
    async revoke(target: Revocable, requestedBy?: string, ip?: string, reach?: RevocationReach) {
      assertRevocable(target);
      const now = clock();
      const keptSeconds = reach === 'access_tokens' ? accessSeconds : maxTokenLifetimeSeconds;
      const expiresAt = expiryOf(target, now + keptSeconds) + SLACK_SECONDS;
      const issuedUpTo = cutOffOf(target, now);
      const fold = foldOf(target, issuedUpTo, reach);
      if (target.kind !== 'kid' && target.issuer !== undefined) {
        await store.add({ name: nameOfIssuer(target.issuer), expiresAt });
      }
      await store.add({
        name: revocationName(target),
        ...(issuedUpTo === undefined ? {} : { issuedUpTo }),
        expiresAt,
        ...(requestedBy === undefined ? {} : { owner: requestedBy }),
        ...(fold === undefined ? {} : { fold }),
      });
      await audit.record({
        type: 'revocation.added',
        ...target,
        ...(requestedBy === undefined ? {} : { requestedBy }),
        ...(ip === undefined ? {} : { ip }),
      });
    },

    isRevoked(token: VerifiedToken) {
      const bearers = bearersOf(token);
      const isUnder = (names: RevocationNames): boolean =>
        bearers.some((bearer) => isAnyRevoked(namesOf(bearer, names), bearer.iat));
      const isRevokedAsOurs = token.type === 'external' ? isKeyRevoked(token) : isUnder(revocationNames());
      return (
        isRevokedAsOurs || (isIssuerNamed(token.claims.iss) && isUnder(revocationNames(token.claims.iss)))
      );
    },

    isFamilyRevoked({ clientId, subject, sessionId, createdAt, kid }: FamilyIdentity) {
      const names = revocationNames();
      const ofFamily = [
        ...(kid === undefined ? [] : [nameOfKid(kid)]),
        names.apiKey(clientId),
        names.subject(clientId, subject),
        names.session(clientId, sessionId),
        names.session(clientId, sessionId, subject),
      ];
      // In whole seconds, as is `iat`: a cut-off also revokes a family created in the same second.
      return isAnyRevoked(ofFamily, Math.floor(createdAt));
    },

    get ageSeconds() {
      return store.ageSeconds;
    },

    get fill() {
      return store.fill;
    },

    coverAccessTokens(lifetimeSeconds: number) {
      accessSeconds = Math.min(Math.max(accessSeconds, lifetimeSeconds), maxTokenLifetimeSeconds);
    },

    maxTokenLifetimeSeconds,
  });
}

/**
 * Return the expiry of a revocation. The revocation of a `kid` never expires, because an attacker can use a leaked key
 * as long as a key ring contains it.
 */
function expiryOf(target: Revocable, horizon: NumericDate): NumericDate {
  if (target.kind === 'kid') return MAX_NUMERIC_DATE - SLACK_SECONDS;
  return target.kind === 'token' ? target.expiresAt : horizon;
}

/**
 * Return the cut-off of a revocation. Tokens and `kid`s have none. Sessions, API keys and subjects have one, because
 * they can receive new tokens later.
 */
function cutOffOf(target: Revocable, now: NumericDate): NumericDate | undefined {
  if (target.kind === 'token' || target.kind === 'kid') return undefined;
  const { issuedUpTo = now } = target.kind === 'api_key' ? target : {};
  return Math.floor(issuedUpTo);
}

/** Return the possible replacements of a revocation. Revocations of refresh-token families are never folded. */
function foldOf(
  target: Revocable,
  issuedUpTo: NumericDate | undefined,
  reach: RevocationReach | undefined,
): RevocationFold | undefined {
  if (target.kind !== 'token' && reach !== 'access_tokens') return undefined;
  const into = widerNamesOf(target);
  const cutOff = target.kind === 'token' ? target.issuedAt : issuedUpTo;
  return into.length === 0 || cutOff === undefined ? undefined : { into, issuedUpTo: Math.floor(cutOff) };
}
