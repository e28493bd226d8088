import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { MissingCredentialsError } from '../base/errors.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { refuseRequest } from '../http/answer-failure.js';
import { assertFactoryCall } from '../http/assert-factory-call.js';
import type { Middleware } from '../http/middleware.js';
import { passError } from '../http/pass-error.js';
import { type AuthenticationOutcome, requestState } from '../http/request-state.js';
import { sendNonce } from '../http/send-nonce.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import { remedyForOption } from '../verify/remedy-for-option.js';
import { ACCEPT_OPTIONS, type AcceptOptions } from './accept-options.js';
import { createAcceptor } from './acceptor.js';

/**
 * Options of `authenticate()`: the tokens to accept, and the handling of anonymous and rejected requests.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 */
export interface AuthenticateOptions<Claims extends object = NoClaims> extends AcceptOptions<Claims> {
  /**
   * Whether requests without a token are rejected. If `false`, they continue as anonymous requests. Invalid tokens are
   * always rejected.
   *
   * @default true
   */
  readonly credentialsRequired?: boolean;
  /**
   * Whether the middleware passes errors to the error handlers of the application, such as `bearerErrors()`. If
   * `false`, the middleware sends the error response.
   *
   * @default false
   */
  readonly failWithError?: boolean;
}

interface Continuation {
  readonly res: Response;
  readonly next: NextFunction;
}

const KNOWN: KnownOptions<AuthenticateOptions> = {
  ...ACCEPT_OPTIONS,
  credentialsRequired: true,
  failWithError: true,
};

/**
 * Express middleware that authenticates requests by encrypted bearer tokens. Mount it with `app.use()` or on a single
 * route. It responds to rejected requests with a challenge (RFC 6750 §3). Handlers read the token with
 * `verifiedToken(req)`.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @example
 * app.use(authenticate({ keyRing, issuer, audience }));
 * app.get('/me', (req, res) => res.json(verifiedToken(req).claims));
 */
export function authenticate(options: AuthenticateOptions): Middleware {
  assertFactoryCall([options], 'authenticate({ keyRing, issuer, audience })');
  assertOptions(options, KNOWN, 'authenticate', remedyForOption);
  const { credentialsRequired = true, failWithError = false } = options;
  const acceptor = createAcceptor(options, 'authenticate');

  const admitAnonymous = (outcome: AuthenticationOutcome): AuthenticationOutcome => {
    const isAnonymous = outcome.kind === 'refused' && outcome.error instanceof MissingCredentialsError;
    return isAnonymous && !credentialsRequired ? { kind: 'anonymous' } : outcome;
  };

  const finish = (found: AuthenticationOutcome, req: Request, { res, next }: Continuation): void => {
    const outcome = admitAnonymous(found);
    requestState.fill(req, { outcome, acceptor, failWithError });
    if ('nonce' in outcome && outcome.nonce !== undefined) sendNonce(res, outcome.nonce);
    if (outcome.kind === 'refused') {
      const { error } = outcome;
      const refuse = () => refuseRequest({ req, res, next }, error);
      acceptor
        .recordRefusal({ req, res }, error, outcome)
        .then(refuse)
        .catch((failure) => passError(next, failure));
      return;
    }
    if (outcome.kind === 'verified') acceptor.recordAcceptance(req, outcome);
    next();
  };

  const handler: RequestHandler = function authenticateBearer(req, res, next) {
    let outcome: AuthenticationOutcome | Promise<AuthenticationOutcome>;
    try {
      outcome = acceptor.accept(req);
    } catch (failure) {
      return passError(next, failure);
    }
    if (!(outcome instanceof Promise)) return finish(outcome, req, { res, next });
    outcome
      .then((settled) => finish(settled, req, { res, next }))
      .catch((failure) => passError(next, failure));
  };
  return handler;
}
