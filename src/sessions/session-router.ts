import express, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express';
import { InvalidRequestError, PassportJweError } from '../base/errors.js';
import { assertMethod, assertOptions, type KnownOptions } from '../base/options.js';
import { refuseRequest } from '../http/answer-failure.js';
import { asyncHandler } from '../http/async-handler.js';
import { readAuditOrigin } from '../http/audit-origin-reader.js';
import { guard } from '../http/guard.js';
import { assertScope } from '../http/missing-scope.js';
import { NO_STORE } from '../http/no-store.js';
import { rejectOtherMethods } from '../http/reject-other-methods.js';
import { requireProof } from '../http/require-proof.js';
import { isScopeToken } from '../token/claims/scope.js';
import { identifyOwner } from './identify-owner.js';
import { readKeep, readNothing, readPage } from './read-session-query.js';
import type { CurrentSession, Session } from './session.js';
import type { Sessions } from './sessions-contract.js';

/** Options of `sessionRouter()`. */
export interface SessionRouterOptions {
  /** Sessions to list and end: the result of `createSessions()`. */
  readonly sessions: Sessions;
  /**
   * Scope that every request requires.
   *
   * @default 'manage:sessions'
   */
  readonly scope?: string;
  /**
   * Scope that lets the API key itself list and end the sessions of all its users. It applies to tokens whose `sub`
   * equals `client_id`. No user name may equal the `key_id`.
   *
   * @default undefined (every token is limited to the sessions of its subject)
   */
  readonly keyScope?: string;
}

const KNOWN: KnownOptions<SessionRouterOptions> = { sessions: true, scope: true, keyScope: true };

/**
 * Create an Express router that lets users list and end their sessions. Mount it after `authenticate()`:
 *
 * - `GET /` lists the sessions of the subject and API key in the token,
 * - `DELETE /:sessionId` ends one of these sessions,
 * - `DELETE /` ends all of these sessions, and `DELETE /?keep=current` all except the session of the token.
 *
 * The router rejects delegated tokens, service tokens and tokens of other issuers with 403. Every token must carry a
 * proof of issuance, as `requireProof()` describes.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 *
 * @example
 * app.use('/sessions', authenticate(options), sessionRouter({ sessions: createSessions({ stores, revocations }) }));
 */
export function sessionRouter(options: SessionRouterOptions): Router {
  const { sessions, scope, keyScope } = resolveOptions(options);

  const listSessions = asyncHandler(async function listSessions(req, res) {
    const { owner, current } = identifyOwner(req, keyScope);
    const { sessions: found, ...next } = await sessions.list({ ...owner, ...readPage(req.url) });
    res.json({ sessions: found.map((session) => toWire(session, current)), ...next });
  });
  const endSession = asyncHandler(async function endSession(req, res) {
    const { owner, requestedBy } = identifyOwner(req, keyScope);
    readNothing(req.url);
    await sessions.end({
      ...owner,
      requestedBy,
      ...readAuditOrigin(req),
      sessionId: String(req.params['sessionId']),
    });
    res.status(204).end();
  });
  const endAllSessions = asyncHandler(async function endAllSessions(req, res) {
    const { owner, requestedBy, current } = identifyOwner(req, keyScope);
    await sessions.endAll({ ...owner, requestedBy, ...readAuditOrigin(req), ...readKeep(req.url, current) });
    res.status(204).end();
  });

  const router = express.Router();
  router.use(
    forbidStorage,
    guard('sessionRouter', (token) => {
      assertScope(token, [scope]);
    }),
    requireProof(),
  );
  router
    .route('/')
    .get(listSessions)
    .delete(endAllSessions)
    .all(rejectOtherMethods('GET, HEAD, DELETE'), answerFailure);
  router.route('/:sessionId').delete(endSession).all(rejectOtherMethods('DELETE'), answerFailure);
  router.use(rejectMalformedPaths);
  return router;
}

/** Message for an invalid option `sessions`, such as the result of `createUserSessions()`, whose methods have the same names. */
const NO_SESSIONS =
  'sessionRouter: sessions must be a Sessions object: pass the result of createSessions({ stores, revocations })';

function resolveOptions(options: SessionRouterOptions) {
  assertOptions(options, KNOWN, 'sessionRouter');
  const { sessions, scope = 'manage:sessions', keyScope } = options;
  assertMethod(sessions, 'endAll', NO_SESSIONS);
  if ('start' in sessions) throw new TypeError(NO_SESSIONS);
  assertScopeToken(scope, 'scope');
  if (keyScope !== undefined) assertScopeToken(keyScope, 'keyScope');
  return { sessions, scope, keyScope };
}

function assertScopeToken(scope: string, name: string): void {
  if (!isScopeToken(scope)) {
    throw new TypeError(
      `sessionRouter: ${name} must be one scope token (RFC 6749 §3.3), for example "manage:sessions"`,
    );
  }
}

const forbidStorage: RequestHandler = (_req, res, next) => {
  res.set(NO_STORE);
  next();
};

/** Respond to failures in the same way as the authentication middleware. */
const answerFailure: ErrorRequestHandler = (failure, req, res, next) => {
  if (!(failure instanceof PassportJweError)) return next(failure);
  return void refuseRequest({ req, res, next, guard: 'sessionRouter' }, failure).catch(next);
};

/** Respond with 400 to paths that Express cannot decode. */
const rejectMalformedPaths: ErrorRequestHandler = (failure, req, res, next) => {
  if (!(failure instanceof URIError)) return next(failure);
  return answerFailure(new InvalidRequestError('The path is malformed', { cause: failure }), req, res, next);
};

function toWire(session: Session, current: CurrentSession | undefined) {
  const isCurrent = session.sessionId === current?.sessionId && session.subject === current.subject;
  return {
    session_id: session.sessionId,
    client_id: session.clientId,
    subject: session.subject,
    ...(session.deviceId === undefined ? {} : { device_id: session.deviceId }),
    audience: session.audience,
    scope: session.scope,
    created_at: Math.floor(session.createdAt),
    last_used_at: Math.floor(session.lastUsedAt),
    expires_at: Math.floor(session.expiresAt),
    current: isCurrent,
  };
}
