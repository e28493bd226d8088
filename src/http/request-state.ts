import type { Request } from 'express';
import type { Clock } from '../base/clock.js';
import type { PassportJweError } from '../base/errors.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { createRequestSlot } from './request-slot.js';
import type { ChallengeWriter } from './write-challenge.js';

/** Result of verifying the token of a request. */
export type Acceptance =
  | {
      readonly kind: 'verified';
      readonly token: VerifiedToken;
      /** Its compact serialization. Secret. */
      readonly presented: string;
    }
  | {
      readonly kind: 'refused';
      readonly error: PassportJweError;
      /** The token, if it was verified but rejected for another reason, such as a missing scope. */
      readonly token?: VerifiedToken;
      readonly presented?: string;
    };

/** A verified token and its compact serialization. */
export type ShownToken = Pick<Acceptance, 'token' | 'presented'>;

/** A rejected token, if it was verified, and the name of the guard that rejected it. */
export type RefusedToken = ShownToken & { readonly guard?: string };

/** Result of the last authentication of a request. */
export type AuthenticationOutcome = Acceptance | { readonly kind: 'anonymous' };

/** The part of an authentication that guards and error handlers use. */
export interface Authentication {
  /**
   * Verifies a token again, including its proof of issuance, for endpoints that act on it.
   * @throws PassportJweError (as rejection) if the token has no valid proof, or is no longer valid.
   */
  verifyProven(presented: string): Promise<VerifiedToken>;
  /** Records a rejected request, with its token if that was verified, and prints a debug line. */
  recordRefusal(req: Request, error: PassportJweError, shown: RefusedToken): Promise<void>;
  readonly writeChallenge: ChallengeWriter;
  readonly clock: Clock;
}

/** Result of an authentication, stored with the request. */
export interface RequestState {
  readonly outcome: AuthenticationOutcome;
  readonly acceptor: Authentication;
  /** Whether failures go to the error handlers of the application instead of being answered. */
  readonly failWithError: boolean;
}

export const requestState = createRequestSlot<RequestState>();
