import type { Acceptance, Acceptor } from '../accept/acceptor.js';
import { createRequestSlot } from './request-slot.js';

/** What the last authentication of a request came to. */
export type AuthenticationOutcome = Acceptance | { readonly kind: 'anonymous' };

/** What the guards and the error handler need to know of it. */
export interface RequestState {
  readonly outcome: AuthenticationOutcome;
  readonly acceptor: Acceptor;
  /** Whether failures go to the error handlers of the application instead of being answered. */
  readonly failWithError: boolean;
}

export const requestState = createRequestSlot<RequestState>();
