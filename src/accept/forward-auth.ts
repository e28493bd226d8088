import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { debugRejection } from '../base/debug-rejection.js';
import { PassportJweError } from '../base/errors.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { answerFailure } from '../http/answer-failure.js';
import { assertFactoryCall } from '../http/assert-factory-call.js';
import { findVerifiedToken } from '../http/find-verified-token.js';
import type { Middleware } from '../http/middleware.js';
import { passError } from '../http/pass-error.js';
import { challengeFor, requestState } from '../http/request-state.js';
import { createChallengeWriter } from '../http/write-challenge.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import { remedyForOption } from '../verify/remedy-for-option.js';
import { ACCEPT_OPTIONS, type AuthenticateOptions } from './accept-options.js';
import { createBearerMiddleware } from './create-bearer-middleware.js';
import { identityHeaders } from './identity-headers.js';
import { createOriginalRequestReader, type OriginalRequestHeaders } from './original-request.js';

/**
 * Options of `forwardAuth()`: the tokens to accept, and the proxies that ask.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 */
export interface ForwardAuthOptions<Claims extends object = NoClaims>
  extends Omit<AuthenticateOptions<Claims>, 'failWithError'> {
  /**
   * Addresses of the proxies, as IP addresses or CIDR blocks. Requests of all other peers are rejected with 403, because
   * the response contains claims of the token, which its bearer must not read. `X-Forwarded-For` and `trust proxy` have
   * no effect.
   *
   * @default ['127.0.0.1', '::1']
   */
  readonly proxies?: readonly string[];
  /**
   * Headers in which the proxy sends the method and the target of the original request. The proxy must set both, and
   * overwrite those of the client.
   *
   * - `'x-original'`: `X-Original-Method` and `X-Original-URI`, as in the recipe for nginx
   * - `'x-forwarded'`: `X-Forwarded-Method` and `X-Forwarded-Uri`, as Traefik and Caddy set them
   *
   * @default 'x-original'
   */
  readonly originalRequest?: OriginalRequestHeaders;
  /**
   * Guards that the request must pass, in this order, for example `requireType('user')`. They see the method and the URL
   * of the original request, but no body. The path can be percent-encoded, but has no dot segments (RFC 3986 §5.2.4):
   * requests with dot segments, `\` or `#` are rejected with 401, because proxies and services read them differently.
   *
   * @default [] (no guards)
   */
  readonly guards?: readonly Middleware[];
}

const KNOWN: KnownOptions<ForwardAuthOptions> = {
  ...ACCEPT_OPTIONS,
  ...{ credentialsRequired: true, proxies: true, originalRequest: true, guards: true },
};

/** A request for forward authentication, and its response. */
interface Exchange {
  readonly res: Response;
  readonly next: NextFunction;
}

/**
 * Express handler that authenticates requests for a proxy: `auth_request` of nginx, `forwardAuth` of Traefik and
 * `forward_auth` of Caddy. Mount one handler per protected location, on a server that only the proxy can reach.
 *
 * The response is 200 with the identity of the token in headers, or 401, 403, 429 or 503. Malformed requests get 401, since
 * nginx answers all other statuses of the handler with 500. The headers are `X-Auth-Subject`, `X-Auth-Issuer`,
 * `X-Auth-Client`, `X-Auth-Scope`, `X-Auth-Token-Type` and `X-Auth-Expires` (seconds since the epoch). Their values are
 * percent-encoded (RFC 3986 §2.1), and empty without such a claim.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @example
 * app.get('/auth/reports', forwardAuth({ keyRing, issuer, audience, scope: 'read:reports' }));
 */
export function forwardAuth(options: ForwardAuthOptions): Middleware {
  assertFactoryCall([options], 'forwardAuth({ keyRing, issuer, audience })');
  assertOptions(options, KNOWN, 'forwardAuth', remedyForOption);
  const { proxies, originalRequest, guards = [], ...accepted } = options;
  assertSuitable(options);
  const originalOf = createOriginalRequestReader(proxies, originalRequest);
  const steps = [createBearerMiddleware({ ...accepted, failWithError: true }, 'forwardAuth'), ...guards];
  const defaultChallenge = createChallengeWriter(options, 'forwardAuth');

  const fail = (req: Request, { res, next }: Exchange, failure: unknown): void => {
    if (res.headersSent) return;
    if (failure instanceof PassportJweError) {
      const challenge = challengeFor(requestState.read(req), defaultChallenge);
      answerFailure(res, failure, challenge, statusFor(failure));
    } else passError(next, failure);
  };

  const handler: RequestHandler = function authenticateForProxy(req, res, next) {
    res.set('Cache-Control', 'no-store');
    let original = req;
    const run = async (index: number): Promise<void> => {
      const step = steps[index];
      if (step === undefined) return void res.set(identityHeaders(findVerifiedToken(original))).end();
      await step(original, res, (failure) => {
        const isAccepted = failure === undefined || failure === null;
        const proceed = isAccepted ? run(index + 1) : Promise.reject(failure);
        proceed.catch((error) => fail(original, { res, next }, error));
      });
    };
    try {
      original = originalOf(req);
    } catch (failure) {
      if (failure instanceof PassportJweError) debugRejection('forwardAuth', failure, describePeer(req));
      return fail(req, { res, next }, failure);
    }
    run(0).catch((failure) => fail(original, { res, next }, failure));
  };
  return handler;
}

function describePeer({ socket }: Request): () => object {
  return () => ({ peer: socket.remoteAddress });
}

/** Return the status of the response. nginx knows 401 and 403 only, and answers all others with 500. */
function statusFor({ status }: PassportJweError): number {
  if (status === 400) return 401;
  return status === 401 || status === 429 || status >= 500 ? status : 403;
}

/** Assert that no option depends on the connection or the body of the client, which end at the proxy. */
function assertSuitable({ tokenLocations, mutualTls, guards }: ForwardAuthOptions): void {
  if (guards !== undefined && !(Array.isArray(guards) && guards.every((each) => typeof each === 'function')))
    throw new TypeError(
      'forwardAuth: guards must be an array of middleware, for example [requireType("user")]',
    );
  if (tokenLocations?.form === true)
    throw new TypeError(
      'forwardAuth: tokenLocations.form must not be set, because proxies send no body: use a header or a cookie',
    );
  if (mutualTls?.certificate === 'socket')
    throw new TypeError(
      'forwardAuth: mutualTls.certificate must not be "socket", which is the connection of the proxy: use the header of the proxy, for example { certificate: "nginx", proxies: ["127.0.0.1"] }',
    );
}
