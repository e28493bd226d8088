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

/** Options of `createRevocations()`. */
export interface RevocationsOptions {
  /** Stores of a driver, for example `createMemoryStores()`; only `revocations` is used. */
  readonly stores: Pick<Stores, 'revocations'>;
  /**
   * Maximum lifetime of any token in seconds, including refresh tokens. Revocations of API keys, sessions and subjects
   * are kept this long, revocations of a `kid` forever.
   *
   * @default 7_776_000 (90 days, as a refresh-token family)
   */
  readonly maxTokenLifetimeSeconds?: number;
  /**
   * Maximum lifetime of any access token in seconds. Revocations of ended sessions are kept this long, since their
   * refresh-token families end too. Verifiers and routers of this process that accept longer lifetimes raise the value.
   * Set it if only other processes accept longer lifetimes.
   *
   * @default 86_400 (as `maxTokenLifetimeSeconds` of verifiers)
   */
  readonly maxAccessTokenLifetimeSeconds?: number;
  /**
   * Receives audit events for revocations.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * @default the system time
   */
  readonly clock?: Clock;
}

/** Revocations, for the option `revocations` of `authenticate`, `JweStrategy` and `tokenRouter`. */
export interface Revocations extends RevocationCheck {
  /**
   * Revokes one token, a session, an API key, a subject, or all tokens encrypted under a `kid`. Sessions, API keys and
   * subjects are revoked up to the current second: tokens issued to them later are accepted.
   *
   * If an API key has too many revocations of tokens and ended sessions, the store folds the oldest into a wider one. It
   * covers the access tokens of a subject or of the API key. Refresh-token families stay valid.
   *
   * @param requestedBy `key_id` of the client that requested the revocation
   * @param ip address of that client, for the audit log
   * @param reach `access_tokens` if the caller also ends the refresh-token families, as `createSessions` does: the
   *   revocation is then kept only for the lifetime of access tokens; default: `all_tokens`
   * @throws TypeError (as rejection) if the target is malformed
   * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable, or full of revocations that cannot
   *   be folded. The revocation may still have been stored; a retry is safe.
   */
  revoke(target: Revocable, requestedBy?: string, ip?: string, reach?: RevocationReach): Promise<void>;
  /** Whether the token, or a token that it was delegated from, is revoked. Synchronous. */
  isRevoked(token: VerifiedToken): boolean;
  /** Whether a refresh-token family is revoked, by its API key, subject, session or `kid`. */
  isFamilyRevoked(family: FamilyIdentity): boolean;
  /** Maximum age of the local replica in seconds. More recent revocations of other instances may be missing. */
  readonly ageSeconds: number;
  /** Fill level of the store, for metrics and readiness probes. `undefined` if the store does not report it. */
  readonly fill: RevocationFill | undefined;
  /** How long revocations of API keys, sessions and subjects are kept, in seconds. */
  readonly maxTokenLifetimeSeconds: number;
}

/** Whether a revocation applies to refresh-token families too. */
export type RevocationReach = 'all_tokens' | 'access_tokens';

/** The identities by which a refresh-token family can be revoked. */
export interface FamilyIdentity {
  readonly clientId: string;
  readonly subject: string;
  readonly sessionId: string;
  /** Start of the family. A later cut-off ends the family, even if its newest token is younger. */
  readonly createdAt: NumericDate;
  /**
   * Key ID of the refresh token.
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

/** Upper bound of the clock difference between two instances plus the clock tolerance of a verifier. */
const SLACK_SECONDS = 120;

/**
 * Creates the revocations that verifiers check and that the token router extends.
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
  assertAuditTrail(audit);
  const { maxAccessTokenLifetimeSeconds = DEFAULT_TOKEN_LIFETIME_SECONDS } = options;
  for (const [name, value] of Object.entries({ maxTokenLifetimeSeconds, maxAccessTokenLifetimeSeconds })) {
    assertPositiveNumber(value, 'createRevocations', name, 86_400);
  }
  let accessSeconds = Math.min(maxAccessTokenLifetimeSeconds, maxTokenLifetimeSeconds);

  // Cut-offs are whole seconds, as `iat` is. Fractional times are rounded down to the same precision.
  const covers = (name: string, issuedAt: NumericDate): boolean => {
    const entry = store.find(name);
    return (
      entry !== undefined && (entry.issuedUpTo === undefined || Math.floor(issuedAt) <= entry.issuedUpTo)
    );
  };
  const isAnyRevoked = (names: readonly string[], issuedAt: NumericDate): boolean =>
    issuedAt < store.completeSince() || names.some((name) => covers(name, issuedAt));

  /** Tokens of every issuer are encrypted under keys of this key ring, so a `kid` has no issuer. */
  const isKeyRevoked = ({ claims, header: { kid } }: VerifiedToken): boolean =>
    isAnyRevoked(typeof kid === 'string' ? [nameOfKid(kid)] : [], claims.iat);
  let asked = { issuer: '', name: '' };
  /** Few revocations name an issuer: without any, this single look-up suffices. */
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
      // In whole seconds, as `iat` is: a family that began in the second of a cut-off is revoked.
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

/** An attacker can use a leaked key as long as a key ring contains it, so its `kid` is revoked forever. */
function expiryOf(target: Revocable, horizon: NumericDate): NumericDate {
  if (target.kind === 'kid') return MAX_NUMERIC_DATE - SLACK_SECONDS;
  return target.kind === 'token' ? target.expiresAt : horizon;
}

/** Tokens and `kid`s are revoked as a whole. Sessions, API keys and subjects can be issued new tokens. */
function cutOffOf(target: Revocable, now: NumericDate): NumericDate | undefined {
  if (target.kind === 'token' || target.kind === 'kid') return undefined;
  const { issuedUpTo = now } = target.kind === 'api_key' ? target : {};
  return Math.floor(issuedUpTo);
}

/** Revocations that apply to refresh-token families are never folded. */
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
