import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { AccessDeniedError, InvalidRequestError, PassportJweError } from '../base/errors.js';
import { assertMethod, assertOptions, type KnownOptions } from '../base/options.js';
import { refuseRequest } from '../http/answer-failure.js';
import { verifiedToken } from '../http/find-verified-token.js';
import { guard } from '../http/guard.js';
import { assertScope } from '../http/missing-scope.js';
import { NO_STORE } from '../http/no-store.js';
import { readIp } from '../http/request-ip.js';
import { requireProof } from '../http/require-proof.js';
import { API_KEY_TYPES, type ApiKeyType } from '../token/claims/claims-set.js';
import { isScopeToken } from '../token/claims/scope.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import type { Sessions } from './create-sessions.js';
import { type CurrentSession, readKeep, readNothing, readPage } from './read-session-query.js';
import type { Session, SessionOwner } from './session.js';

export interface SessionRouterOptions {
  /** `createSessions({ stores, revocations })`. */
  readonly sessions: Sessions;
  /** Scope that every request needs. Default `manage:sessions`. */
  readonly scope?: string;
  /**
   * Scope with which a token of the API key itself, whose `sub` is its `client_id`, sees and ends the sessions of all
   * users of the key too; let no user have the name of the key. Default: there is none.
   */
  readonly keyScope?: string;
}

const KNOWN: KnownOptions<SessionRouterOptions> = { sessions: true, scope: true, keyScope: true };

/**
 * Express router by which people see and end their sessions, to be mounted behind `authenticate`: `GET /` lists those
 * of the subject of the token, `DELETE /:sessionId` ends one, `DELETE /` all. A subject counts only together with the
 * `client_id` of the token. Tokens that were delegated, those of services and of other issuers are 403, and a token must
 * prove that its issuer issued it: a resource server with an exported access key can make none that passes.
 * @throws TypeError for an option that is missing or makes no sense.
 */
export function sessionRouter(options: SessionRouterOptions): Router {
  assertOptions(options, KNOWN, 'sessionRouter');
  const { sessions, scope = 'manage:sessions', keyScope } = options;
  assertMethod(sessions, 'endAll', 'sessions must be Sessions: createSessions({ stores, revocations })');
  assertScopeToken(scope, 'scope');
  if (keyScope !== undefined) assertScopeToken(keyScope, 'keyScope');

  const list = async (req: Request, res: Response): Promise<void> => {
    const { owner, current } = identify(req, keyScope);
    const { sessions: found, ...next } = await sessions.list({ ...owner, ...readPage(req.url) });
    res.json({ sessions: found.map((session) => toWire(session, current)), ...next });
  };
  const endOne = async (req: Request, res: Response): Promise<void> => {
    const { owner, requestedBy } = identify(req, keyScope);
    readNothing(req.url);
    await sessions.end({ ...owner, requestedBy, ...readIp(req), sessionId: String(req.params['sessionId']) });
    res.status(204).end();
  };
  const endAll = async (req: Request, res: Response): Promise<void> => {
    const { owner, requestedBy, current } = identify(req, keyScope);
    await sessions.endAll({ ...owner, requestedBy, ...readIp(req), ...readKeep(req.url, current) });
    res.status(204).end();
  };

  const router = express.Router();
  router.use(
    forbidStorage,
    guard('sessionRouter', (token) => assertScope(token, [scope])),
    requireProof(),
  );
  router.route('/').get(answer(list)).delete(answer(endAll)).all(refuseOtherMethods('GET, HEAD, DELETE'));
  router.route('/:sessionId').delete(answer(endOne)).all(refuseOtherMethods('DELETE'));
  router.use(refuseMalformedPaths);
  return router;
}

/** Whose sessions a request is about. */
interface Identity {
  readonly owner: SessionOwner;
  readonly requestedBy: string;
  /** The session that the token itself belongs to, where there is one. */
  readonly current: CurrentSession | undefined;
}

function identify(req: Request, keyScope: string | undefined): Identity {
  const token = verifiedToken(req);
  assertOfApiKey(token);
  const { client_id: clientId, sub: subject, session_id: sessionId } = token.claims;
  const isOfWholeKey = keyScope !== undefined && subject === clientId && token.hasScope(keyScope);
  return {
    owner: isOfWholeKey ? { clientId } : { clientId, subject },
    requestedBy: clientId,
    current: sessionId === undefined ? undefined : { subject, sessionId },
  };
}

/** All other tokens speak for nobody whose sessions are kept here. */
function assertOfApiKey(token: VerifiedToken): asserts token is VerifiedToken<ApiKeyType> {
  if (!API_KEY_TYPES.some((type) => type === token.type)) throw new AccessDeniedError();
}

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

function assertScopeToken(scope: string, name: string): void {
  if (!isScopeToken(scope)) throw new TypeError(`${name} must be one scope token (RFC 6749 section 3.3)`);
}

const forbidStorage: RequestHandler = (_req, res, next) => {
  res.set(NO_STORE);
  next();
};

/** Failures are answered as those of the authentication before the router are. */
function answer(handle: (req: Request, res: Response) => Promise<void>): RequestHandler {
  return (req, res, next) => {
    handle(req, res)
      .catch((failure) => {
        if (!(failure instanceof PassportJweError)) throw failure;
        return refuseRequest({ req, res, next }, failure);
      })
      .catch(next);
  };
}

function refuseOtherMethods(allowed: string): RequestHandler {
  return answer(async () => {
    throw new InvalidRequestError(`This resource takes ${allowed}`, {
      status: 405,
      headers: { Allow: allowed },
    });
  });
}

/** The router of Express cannot decode them. */
const refuseMalformedPaths: ErrorRequestHandler = (failure, req, res, next) => {
  if (!(failure instanceof URIError)) return next(failure);
  const error = new InvalidRequestError('The path is malformed', { cause: failure });
  return void refuseRequest({ req, res, next }, error).catch(next);
};
