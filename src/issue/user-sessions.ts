import { auditOrigin } from '../audit/audit-origin.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import type { GrantRejection } from '../base/rejections.js';
import { InvalidGrantError } from '../base/token-endpoint-errors.js';
import { createSessions } from '../sessions/create-sessions.js';
import { senderOf } from '../sessions/key-binding.js';
import type { PresentedToken } from '../sessions/refresh-token-codec.js';
import type { Session } from '../sessions/session.js';
import type { SessionQuery } from '../sessions/sessions-contract.js';
import type { FamilyState } from '../stores/family-store.js';
import { formatScope, parseScope } from '../token/claims/scope.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import { assertOrigin } from './assert-origin.js';
import { narrowScope } from './grants/narrow-scope.js';
import { recordRefusal } from './record-refusal.js';
import { createRefreshTokens } from './refresh-tokens.js';
import { resolveConfirmation } from './resolve-confirmation.js';
import { resolveScope } from './resolve-scope.js';
import { assertIdentifier, assertUser, clientOfUsers } from './user-identity.js';
import type {
  SessionTokens,
  UserSessionRefresh,
  UserSessionStart,
  UserSessions,
  UserSessionsEnd,
} from './user-sessions-contract.js';
import { resolveUserSessionsOptions, type UserSessionsOptions } from './user-sessions-options.js';
import { type UserToken, userTokenIssuer } from './user-token-issuer.js';

type PageOptions = Pick<SessionQuery, 'limit' | 'after'>;

const REFRESH: KnownOptions<UserSessionRefresh> = {
  scope: true,
  confirmation: true,
  ip: true,
  requestId: true,
};
const START: KnownOptions<UserSessionStart> = { ...REFRESH, subject: true, deviceId: true };
const ALL: KnownOptions<UserSessionsEnd> = { keep: true };
const PAGE: KnownOptions<PageOptions> = { limit: true, after: true };

const EXCESS = 'The requested scope exceeds the granted scope';

/**
 * Create sessions for the users of an application: access tokens of type `user`, and refresh tokens that rotate. No API
 * key is involved. `sessionRouter()` lets the users list and end them.
 *
 * @typeParam Claims custom claims of the application. Inferred from `claims` or `claimsSchema`.
 * @throws TypeError if an option is missing, unknown or malformed, the current key is not a root, or sessions could outlive
 *   their keys or revocations
 *
 * @example
 * const userSessions = createUserSessions({ keyRing, issuer, audience, stores, revocations });
 * const { accessToken, refreshToken } = await userSessions.start({ subject: 'alice', scope: 'read write' });
 */
export function createUserSessions<Claims extends object = NoClaims>(
  options: UserSessionsOptions<Claims>,
): UserSessions;
export function createUserSessions(options: UserSessionsOptions<object>): UserSessions {
  const settings = resolveUserSessionsOptions(options);
  const { issuer, audience, stores, revocations, audit, clock } = settings;
  const clientId = clientOfUsers(issuer, 'createUserSessions');
  const issueToken = userTokenIssuer(settings);
  const { codec, families } = createRefreshTokens(settings, 'createUserSessions');
  const sessions = createSessions({ stores, revocations, audit, clock });
  revocations.coverAccessTokens?.(settings.lifetime);

  const start = async ({ subject, scope, deviceId, confirmation: keys, ...others }: UserSessionStart) => {
    const origin = auditOrigin(others);
    const granted = resolveScope(scope, 'userSessions.start');
    const confirmation = resolveConfirmation(keys, 'userSessions.start');
    const sender = senderOf(confirmation);
    const device = deviceId === undefined ? {} : { deviceId };
    const issuedAt = clock();
    let issued: UserToken | undefined;
    const { refreshToken } = await families.begin(
      { clientId, subject, subjectAsserted: false, audience, scope: formatScope(granted), ...device, sender },
      origin,
      async (sessionId) => {
        const user = { subject, scope: granted, sessionId, ...device };
        issued = await issueToken(user, { issuedAt, confirmation, origin });
      },
    );
    return join(issued, refreshToken);
  };

  /** All checks run, and the access token is created, before the refresh token is consumed. */
  const rotate = async (
    presented: PresentedToken,
    { scope, confirmation, ...others }: UserSessionRefresh,
  ) => {
    const origin = auditOrigin(others);
    const requestedAt = Math.min(clock(), families.knownUpTo());
    const client = { clientId, isPublic: false, mustProveKey: true, sender: senderOf(confirmation) };
    const { state } = await families.find(presented, client);
    if (state.audience !== audience) throw new InvalidGrantError('revoked');
    const granted = narrowScope(scope, parseScope(state.scope) ?? [], { excess: EXCESS });
    const { sessionId, deviceId } = state;
    const requestedScope = scope === undefined ? '' : formatScope(granted);
    const use = { ...client, sessionId, deviceId, requestedScope, ...origin };
    // A revocation during this request, or one that this process does not know yet, then covers the token.
    const issuedAt = Math.max(state.createdAt, requestedAt);
    let issued: UserToken | undefined;
    const successor = await families.rotate(presented, use, async () => {
      issued = await issueToken({ ...userOf(state), scope: granted }, { issuedAt, confirmation, origin });
    });
    return join(issued, successor);
  };

  const refresh = async (refreshToken: string, request: UserSessionRefresh): Promise<SessionTokens> => {
    const presented = await codec.open(refreshToken, clock());
    try {
      return await rotate(presented, request);
    } catch (failure) {
      const endsSession = failure instanceof InvalidGrantError && ENDING.has(failure.reason);
      if (endsSession) await families.end(presented, { clientId, ...auditOrigin(request) });
      throw failure;
    }
  };

  return Object.freeze({
    async start(request: UserSessionStart) {
      assertOptions(request, START, 'userSessions.start');
      const { subject, deviceId } = request;
      assertUser(subject, issuer, 'userSessions.start');
      if (deviceId !== undefined) assertIdentifier(deviceId, 'userSessions.start', 'deviceId');
      assertOrigin(request, 'userSessions.start');
      return recordRefusal(audit, request, () => start(request));
    },

    async refresh(refreshToken: string, request: UserSessionRefresh = {}) {
      if (typeof refreshToken !== 'string') throw new TypeError(NO_REFRESH_TOKEN);
      assertOptions(request, REFRESH, 'userSessions.refresh');
      resolveConfirmation(request.confirmation, 'userSessions.refresh');
      assertOrigin(request, 'userSessions.refresh');
      return recordRefusal(audit, request, () => refresh(refreshToken, request));
    },

    async end(session: string | Pick<Session, 'subject' | 'sessionId'>) {
      if (typeof session === 'string') {
        return families.end(await codec.open(session, clock()), { clientId });
      }
      if (typeof session !== 'object' || session === null) throw new TypeError(NO_SESSION);
      const { subject, sessionId } = session;
      assertUser(subject, issuer, 'userSessions.end');
      assertIdentifier(sessionId, 'userSessions.end', 'sessionId');
      await sessions.end({ clientId, subject, sessionId, requestedBy: clientId });
    },

    async endAll(subject: string, request: UserSessionsEnd = {}) {
      assertUser(subject, issuer, 'userSessions.endAll');
      assertOptions(request, ALL, 'userSessions.endAll');
      const all = { clientId, subject, requestedBy: clientId };
      if (!('keep' in request)) return sessions.endAll(all);
      assertIdentifier(request.keep, 'userSessions.endAll', 'keep');
      return sessions.endAll({ ...all, keep: { subject, sessionId: request.keep } });
    },

    async list(subject: string, page: PageOptions = {}) {
      assertUser(subject, issuer, 'userSessions.list');
      assertOptions(page, PAGE, 'userSessions.list');
      return sessions.list({ clientId, subject, ...page });
    },
  });
}

const NO_REFRESH_TOKEN =
  'userSessions.refresh: refreshToken must be a string: reject requests without a refresh token before the call';

const NO_SESSION =
  'userSessions.end: session must be a refresh token or { subject, sessionId }: to end all sessions, call endAll(subject)';

/** Reasons that end the whole session, not only the family of the refresh token. */
const ENDING: ReadonlySet<GrantRejection> = new Set<GrantRejection>(['reused', 'no_user']);

function userOf({ subject, sessionId, deviceId }: FamilyState) {
  return { subject, sessionId, ...(deviceId === undefined ? {} : { deviceId }) };
}

function join(issued: UserToken | undefined, refreshToken: string): SessionTokens {
  if (issued === undefined)
    throw new TypeError(
      'The refresh token was issued without an access token: report this bug in passport-jwe',
    );
  return { ...issued, refreshToken };
}
