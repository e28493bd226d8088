import type { IncomingMessage } from 'node:http';
import type { Acceptance, Acceptor } from './acceptor.js';

/** What the last authentication of a request came to. */
export type AuthenticationOutcome = Acceptance | { readonly kind: 'anonymous' };

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
