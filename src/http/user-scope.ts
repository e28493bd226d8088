import type { IncomingMessage } from 'node:http';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { createRequestSlot } from './request-slot.js';
import { type RequestState, requestState } from './request-state.js';

/** Anything that has been granted a scope: a verified token, or a user that another strategy authenticated. */
export type ScopeHolder = Pick<VerifiedToken, 'hasScope'>;

interface UserScope {
  readonly holder: ScopeHolder;
  /** Authentication state for which the scope was read. A later authentication replaces it. */
  readonly state: RequestState | undefined;
}

const slot = createRequestSlot<UserScope>();

/** Whether `req.user` is set. Passport sets it to `null` after a logout. */
export function hasUser(req: IncomingMessage): boolean {
  return Boolean(Reflect.get(req, 'user'));
}

/** Store the scope of a user that another strategy authenticated, until the next authentication of the request. */
export function fillUserScope(req: IncomingMessage, scope: readonly string[]): void {
  const holder = { hasScope: (token: string) => scope.includes(token) };
  slot.fill(req, { holder, state: requestState.read(req) });
}

/** Return the stored scope, or `undefined` if there is none or the request was authenticated again. */
export function readUserScope(req: IncomingMessage): ScopeHolder | undefined {
  const stored = slot.read(req);
  return stored !== undefined && stored.state === requestState.read(req) ? stored.holder : undefined;
}
