import type { Request, Response } from 'express';
import type { Clock } from '../base/clock.js';
import type { PassportJweError } from '../base/errors.js';
import type { SenderEvidence } from '../token/claims/confirmation.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import type { IncomingRequest } from './incoming-request.js';
import { createRequestSlot } from './request-slot.js';
import type { AuthorizationScheme, ChallengeWriter } from './write-challenge.js';

/** How a request presented its token. */
interface Presentation {
  /** Scheme of the `Authorization` header. Default: `Bearer`, also for other locations of the token. */
  readonly scheme?: AuthorizationScheme | undefined;
  /** Value of the response header `DPoP-Nonce` (RFC 9449 §8.2, §9). Default: no header. */
  readonly nonce?: string | undefined;
}

/** Result of the token verification for a request. */
export type Acceptance =
  | (Presentation & {
      readonly kind: 'verified';
      readonly token: VerifiedToken;
      /** Compact serialization of the token. Secret. */
      readonly presented: string;
      /** Keys of which the request has proven possession. Default: none. */
      readonly sender?: SenderEvidence | undefined;
    })
  | (Presentation & {
      readonly kind: 'refused';
      readonly error: PassportJweError;
      /** Verified token, if the request was rejected for a different reason, such as a missing scope token. */
      readonly token?: VerifiedToken;
      readonly presented?: string;
    });

/** Verified token of a request and its compact serialization, if any. */
export type ShownToken = Pick<Acceptance, 'token' | 'presented'>;

/** A rejected token, if it was verified, and the name of the guard that rejected it. */
export type RefusedToken = ShownToken & { readonly guard?: string };

/** Result of the most recent authentication of a request. */
export type AuthenticationOutcome = Acceptance | { readonly kind: 'anonymous' };

/**
 * A request and its response, if any: an upgrade has none. A strategy finds the response in `req.res`, which Express
 * sets.
 */
export type Exchange =
  | { readonly req: Request; readonly res: Response }
  | { readonly req: IncomingRequest; readonly res: undefined };

/** Functions of an authentication that guards and error handlers use. */
export interface Authentication {
  /**
   * Verify an accepted token again, together with its proof of issuance.
   *
   * @param sender keys of which the request has proven possession
   * @throws PassportJweError (as rejection) if the token has no valid proof, or is no longer valid
   */
  verifyProven(presented: string, sender: SenderEvidence | undefined): Promise<VerifiedToken>;
  /**
   * Record the audit event for a rejected request, with its verified token if any, and print a debug line. Then call
   * `onRejected`, which can send a response.
   */
  recordRefusal(exchange: Exchange, error: PassportJweError, shown: RefusedToken): Promise<void>;
  readonly writeChallenge: ChallengeWriter;
  readonly clock: Clock;
}

/** Authentication state of a request, stored in a slot of the request. */
export interface RequestState {
  readonly outcome: AuthenticationOutcome;
  readonly acceptor: Authentication;
  /** Whether errors are passed to the error handlers of the application. If `false`, the middleware responds. */
  readonly failWithError: boolean;
}

export const requestState = createRequestSlot<RequestState>();

/** Write the challenge of a request: that of its authentication, for the scheme that it used. */
export function challengeFor(
  state: Pick<RequestState, 'outcome' | 'acceptor'> | undefined,
  fallback: ChallengeWriter,
): ChallengeWriter {
  if (state === undefined) return fallback;
  const { outcome, acceptor } = state;
  return (error) => acceptor.writeChallenge(error, 'scheme' in outcome ? outcome.scheme : undefined);
}
