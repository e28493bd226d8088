import type { IncomingMessage } from 'node:http';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { createRequestSlot } from './request-slot.js';
import { type RequestState, requestState } from './request-state.js';

/** Anything that has been granted a scope: a verified token, or a user that another strategy authenticated. */
export type ScopeHolder = Pick<VerifiedToken, 'hasScope'>;

interface UserScope {
  readonly holder: ScopeHolder;
  /** User whose scope was read. A later strategy or a logout replaces `req.user`. */
  readonly user: unknown;
  /** Authentication state for which the scope was read. A later authentication replaces it. */
  readonly state: RequestState | undefined;
}

const slot = createRequestSlot<UserScope>();

/** Whether `req.user` is set. Passport sets it to `null` after a logout. */
export function hasUser(req: IncomingMessage): boolean {
  return Boolean(userOf(req));
}

/** Store the scope of `req.user`, which another strategy authenticated, until the request has another user or token. */
export function fillUserScope(req: IncomingMessage, scope: readonly string[]): void {
  const holder = { hasScope: (token: string) => scope.includes(token) };
  slot.fill(req, { holder, user: userOf(req), state: requestState.read(req) });
}

/** Return the stored scope. @returns `undefined` if there is none, or `req.user` or the authentication has changed */
export function readUserScope(req: IncomingMessage): ScopeHolder | undefined {
  const stored = slot.read(req);
  if (stored === undefined || stored.state !== requestState.read(req)) return undefined;
  return stored.user === userOf(req) ? stored.holder : undefined;
}

function userOf(req: IncomingMessage): unknown {
  return Reflect.get(req, 'user');
}
