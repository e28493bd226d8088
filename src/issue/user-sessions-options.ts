import { assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { systemClock } from '../base/clock.js';
import type { Duration } from '../base/duration.js';
import { assertMethod, assertOptions, assertString, type KnownOptions } from '../base/options.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import type { Revocations } from '../revocation/revocations-contract.js';
import type { RefreshSettings } from '../sessions/refresh-settings.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';
import { resolveTokenLifetime } from '../token/claims/claims-policy.js';
import { assertClaimsSchema } from '../token/claims/claims-schema.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import { maxLifetimesOf, resolveLifetime } from './resolve-lifetime.js';
import type { TokenIssuerOptions } from './token-issuer.js';
import { assertIdentifier } from './user-identity.js';

/** A user whose access token is about to be issued, as passed to the `claims` hook. */
export interface SessionUser {
  /** Subject of the tokens (`sub`). */
  readonly subject: string;
  /** Scope that the access token will have. */
  readonly scope: readonly string[];
  /** Session ID. */
  readonly sessionId: string;
  /** Device to which the session is bound. */
  readonly deviceId?: string;
}

/**
 * Returns the current custom claims of a user, or `undefined` if the user may no longer sign in.
 *
 * @typeParam Claims custom claims of the application
 */
export type UserClaimsHook<Claims extends object = NoClaims> = (
  user: SessionUser,
) => Claims | undefined | Promise<Claims | undefined>;

/**
 * Options that do not depend on the custom claims.
 *
 * @inline
 */
interface CommonOptions {
  /** `iss` and `client_id` of every token: a URL. Never derived from the `Host` header. RFC 9068 §2.2. */
  readonly issuer: string;
  /** Audience of the access tokens. RFC 7519 §4.1.3. */
  readonly audience: string;
  /** Stores of a driver; only `families` is used. */
  readonly stores: Pick<Stores, 'families'>;
  /** Revocations, the same as for `authenticate()`. Ended sessions revoke their access tokens. */
  readonly revocations: Revocations;
  /**
   * Lifetime of access tokens, in seconds or as a string such as `'15m'`.
   *
   * @default '15m', or the maximum lifetime if that is shorter
   */
  readonly lifetime?: Duration;
  /** Lifetimes of refresh tokens, and thereby of sessions. */
  readonly refresh?: RefreshSettings;
}

/**
 * Options of `createUserSessions()`. Those of `createTokenIssuer()` and `tokenRouter()` mean the same here. `claims` is
 * optional if every custom claim is optional.
 *
 * @typeParam Claims custom claims of the application
 */
export type UserSessionsOptions<Claims extends object = NoClaims> = CommonOptions &
  Pick<
    TokenIssuerOptions<Claims>,
    'keyRing' | 'claimsSchema' | 'signing' | 'maxTokenLifetimeSeconds' | 'audit' | 'clock'
  > &
  (NoClaims extends Claims
    ? {
        /**
         * Reads the custom claims of a user when a session starts, and at each refresh. If it returns `undefined`, the
         * session ends.
         *
         * @default undefined (no custom claims)
         */
        readonly claims?: UserClaimsHook<Claims>;
      }
    : {
        /**
         * Reads the custom claims of a user when a session starts, and at each refresh. If it returns `undefined`, the
         * session ends.
         */
        readonly claims: UserClaimsHook<Claims>;
      });

const KNOWN: KnownOptions<UserSessionsOptions> = {
  ...{ keyRing: true, issuer: true, audience: true, stores: true, revocations: true },
  ...{ claims: true, claimsSchema: true, lifetime: true, refresh: true },
  ...{ maxTokenLifetimeSeconds: true, signing: true, audit: true, clock: true },
};

const WHERE = 'createUserSessions';

/** Valid options, with their defaults. */
export type UserSessionsSettings = ReturnType<typeof resolveUserSessionsOptions>;

/**
 * Validate the options of `createUserSessions()` and apply the defaults.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 */
export function resolveUserSessionsOptions(options: UserSessionsOptions<object>) {
  assertOptions(options, KNOWN, 'createUserSessions');
  const { keyRing, issuer, audience, stores, revocations, claimsSchema, signing } = options;
  const { claims = noClaims, refresh = {}, audit = noAuditTrail, clock = systemClock } = options;
  internalsOf(keyRing, WHERE);
  assertIdentifier(issuer, WHERE, 'issuer');
  assertString(audience, WHERE, 'audience', 'https://api.example.com');
  requireStore(stores, 'families', WHERE);
  assertMethod(revocations, 'isFamilyRevoked', NO_REVOCATIONS);
  if (typeof claims !== 'function') throw new TypeError(NO_HOOK);
  assertClaimsSchema(claimsSchema, WHERE);
  assertAuditTrail(audit, WHERE);
  const maxTokenLifetimeSeconds = resolveTokenLifetime(options.maxTokenLifetimeSeconds, WHERE);
  const maxLifetimes = maxLifetimesOf(keyRing, maxTokenLifetimeSeconds, WHERE);
  return {
    ...{ keyRing, issuer, audience, stores, revocations, claims, refresh, audit, clock },
    lifetime: resolveLifetime(options.lifetime, maxLifetimes, WHERE),
    maxTokenLifetimeSeconds,
    ...(claimsSchema && { claimsSchema }),
    ...(signing && { signing }),
  };
}

const noClaims: UserClaimsHook<object> = () => ({});

const NO_REVOCATIONS =
  'createUserSessions: revocations is required: pass createRevocations({ stores }), the same as to authenticate()';

const NO_HOOK = 'createUserSessions: claims must be a function that returns the custom claims of a user';
