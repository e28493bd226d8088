import type { IncomingMessage } from 'node:http';
import type { VerifiedToken } from '../claims/verified-token.js';
import type { JweError } from '../errors.js';
import type { Acceptor } from './acceptor.js';

/** What the last authentication of a request came to. */
export type AuthenticationOutcome =
  | { readonly kind: 'verified'; readonly token: VerifiedToken }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'refused'; readonly error: JweError };

/** What the guards and the error handler need to know of it. */
export interface RequestState {
  readonly outcome: AuthenticationOutcome;
  readonly acceptor: Acceptor;
  /** Whether failures go to the error handlers of the application instead of being answered. */
  readonly failWithError: boolean;
}

/** Kept apart from the request, whose properties any middleware may set. */
const states = new WeakMap<IncomingMessage, RequestState>();

export function keepState(req: IncomingMessage, state: RequestState): void {
  states.set(req, state);
}

export function readState(req: IncomingMessage): RequestState | undefined {
  return states.get(req);
}
