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

export interface RevocationsOptions {
  /** Stores of a driver, of which `revocations` is used: `createMemoryStores()`. */
  readonly stores: Pick<Stores, 'revocations'>;
  /**
   * Longest lifetime of any token in seconds, refresh tokens included: revocations of API keys, sessions and subjects
   * are kept for as long, those of a `kid` for ever. Default 7 776 000, the 90 days of a refresh-token family.
   */
  readonly maxTokenLifetimeSeconds?: number;
  /**
   * Longest lifetime of any access token in seconds. Ends of sessions are kept for as long, since their refresh-token
   * families are ended too. Verifiers and routers of this process that accept longer ones raise it; set it if only
   * other processes do.
   *
   * @default 86 400, as `maxTokenLifetimeSeconds` of verifiers
   */
  readonly maxAccessTokenLifetimeSeconds?: number;
  /** Where revocations are put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** What is revoked, to be given to `authenticate`, `JweStrategy` and `tokenRouter` as `revocations`. */
export interface Revocations extends RevocationCheck {
  /**
   * Revokes one token, a session, an API key, a subject, or everything under a `kid`. Sessions, API keys and
   * subjects are revoked up to the present second: what they are issued later is accepted.
   *
   * If an API key has more revocations of tokens and ended sessions than the store keeps apart, the store folds the
   * oldest into a cut-off for the access tokens of a subject or of the API key. Refresh-token families survive that.
   * @param requestedBy `key_id` of the client that requested it.
   * @param ip address of that client, for the audit trail.
   * @param reach `access_tokens` if the caller ends the refresh-token families in question itself, as `createSessions`
   *   does: the revocation is then kept for the lifetime of access tokens only. Default: `all_tokens`.
   * @throws TypeError (as rejection) for a target that names nothing.
   * @throws TemporarilyUnavailableError (as rejection) if the store is out of reach, or full of revocations that cannot
   *   be folded. It may be revoked all the same; a retry is safe.
   */
  revoke(target: Revocable, requestedBy?: string, ip?: string, reach?: RevocationReach): Promise<void>;
  /** Whether the token, or one that it was delegated from, is revoked. Waits for nothing. */
  isRevoked(token: VerifiedToken): boolean;
  /** Whether a refresh-token family is revoked: else a refresh would outlive what its session or subject lost. */
  isFamilyRevoked(family: FamilyIdentity): boolean;
  /** How old in seconds what is known here is at most: what was revoked elsewhere since then may be missing. */
  readonly ageSeconds: number;
  /** How full the store is, for metrics and readiness probes. `undefined` if the store does not tell. */
  readonly fill: RevocationFill | undefined;
  /** For how long revocations of API keys, sessions, subjects and `kid`s are kept. */
  readonly maxTokenLifetimeSeconds: number;
}

/** Whether a revocation concerns refresh-token families too. */
export type RevocationReach = 'all_tokens' | 'access_tokens';

/** By what a refresh-token family is revoked. */
export interface FamilyIdentity {
  readonly clientId: string;
  readonly subject: string;
  readonly sessionId: string;
  /** When it began; a cut-off after that ends it, however young its newest token is. */
  readonly createdAt: NumericDate;
  /** Key under which the refresh token in question is encrypted. Default: none is asked about. */
  readonly kid?: string;
}

const KNOWN: KnownOptions<RevocationsOptions> = {
  stores: true,
  maxTokenLifetimeSeconds: true,
  maxAccessTokenLifetimeSeconds: true,
  audit: true,
  clock: true,
};

/** Most that the clocks of two instances, and the tolerance of a reader, can put off an expiry. */
const SLACK_SECONDS = 120;

/**
 * Creates the revocations that verifiers check and the token router adds to.
 * @throws TypeError for an option that is missing or makes no sense.
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

  // Cut-offs are whole seconds, as `iat` is; what is dated with fractions is as old as the second in which it began.
  const covers = (name: string, issuedAt: NumericDate): boolean => {
    const entry = store.find(name);
    return (
      entry !== undefined && (entry.issuedUpTo === undefined || Math.floor(issuedAt) <= entry.issuedUpTo)
    );
  };
  const isAnyRevoked = (names: readonly string[], issuedAt: NumericDate): boolean =>
    issuedAt < store.completeSince() || names.some((name) => covers(name, issuedAt));

  /** Keys are our own, whoever issued the token. */
  const isKeyRevoked = ({ claims, header: { kid } }: VerifiedToken): boolean =>
    isAnyRevoked(typeof kid === 'string' ? [nameOfKid(kid)] : [], claims.iat);
  let asked = { issuer: '', name: '' };
  /** Few revocations name an issuer: where none does, this one look-up is all. */
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
      // In whole seconds, as `iat` is: what began in the second of a cut-off is revoked with it.
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

/** A key that leaked may go on to encrypt as long as a key ring holds it: its `kid` is revoked for ever. */
function expiryOf(target: Revocable, horizon: NumericDate): NumericDate {
  if (target.kind === 'kid') return MAX_NUMERIC_DATE - SLACK_SECONDS;
  return target.kind === 'token' ? target.expiresAt : horizon;
}

/** A token and a `kid` are revoked as a whole; all else may be issued tokens again. */
function cutOffOf(target: Revocable, now: NumericDate): NumericDate | undefined {
  if (target.kind === 'token' || target.kind === 'kid') return undefined;
  const { issuedUpTo = now } = target.kind === 'api_key' ? target : {};
  return Math.floor(issuedUpTo);
}

/** A revocation that refresh-token families rely on stays as it is. */
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
