import { type AuditOrigin, auditOrigin } from '../audit/audit-origin.js';
import { assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { MAX_NUMERIC_DATE, type NumericDate, systemClock } from '../base/clock.js';
import { assertOptions, assertPositiveNumber, type KnownOptions } from '../base/options.js';
import { requireStore } from '../stores/require-store.js';
import type { RevocationFold } from '../stores/revocation-store.js';
import { DEFAULT_TOKEN_LIFETIME_SECONDS } from '../token/claims/claims-policy.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { assertRevocable } from './assert-revocable.js';
import { bearersOf, namesOf } from './bearers-of.js';
import {
  nameOfIssuer,
  nameOfKid,
  type Revocable,
  type RevocationNames,
  revocationName,
  revocationNames,
  widerNamesOf,
} from './revocable.js';
import type {
  FamilyIdentity,
  RevocationReach,
  Revocations,
  RevocationsOptions,
} from './revocations-contract.js';

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
    async revoke(
      target: Revocable,
      requestedBy?: string,
      origin?: string | AuditOrigin,
      reach?: RevocationReach,
    ) {
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
        ...auditOrigin(typeof origin === 'string' ? { ip: origin } : (origin ?? {})),
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
