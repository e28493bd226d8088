import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { AuditTrail } from '../audit/record.js';
import type { KnownOptions } from '../base/options.js';
import type { MutualTlsOptions } from '../http/mutual-tls-options.js';
import type { RejectionHookOption } from '../http/rejection-hook.js';
import type { ChallengeOptions } from '../http/write-challenge.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import type { DpopOptions } from '../verify/dpop/dpop-options.js';
import { ACCEPTANCE_OPTIONS, type TokenVerifierOptions } from '../verify/token-verifier-options.js';
import type { ExemptRoute } from './exempt-routes.js';
import type { PreflightPolicy } from './preflight-check.js';
import type { TokenLocations } from './token-locations.js';

/**
 * Options of `createRequestVerifier()`: the tokens to accept, and the challenge to send.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 * @typeParam Req request that `tokenLocations.getToken` receives
 */
export interface RequestVerifierOptions<Claims extends object = NoClaims, Req = IncomingMessage>
  extends Omit<TokenVerifierOptions<Claims>, 'signing'>,
    ChallengeOptions {
  /**
   * Audit trail that receives the events `token.accepted`, `token.not_encrypted` and `token.refused`.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Scope tokens that every request requires, as an array or a space-separated string. Guards such as `requireScope()`
   * can require more on single routes.
   *
   * @default [] (no scope is required)
   */
  readonly scope?: string | readonly string[];
  /**
   * Parts of a request that can carry the token.
   *
   * @default { authorization: true } (the `Authorization` header only)
   */
  readonly tokenLocations?: TokenLocations<Req>;
  /**
   * DPoP: clients send each token with a proof of its key, so a stolen token does not work. Tokens that are bound to a key are
   * accepted only under the scheme `DPoP`, and never in other locations.
   *
   * @default undefined (tokens with `cnf.jkt` are rejected)
   * @see RFC 9449
   */
  readonly dpop?: DpopOptions;
  /**
   * Mutual TLS: source of the client certificates. Tokens that are bound to a certificate (`cnf["x5t#S256"]`) are
   * accepted only from a client with this certificate, under the scheme `Bearer`.
   *
   * @default undefined (tokens that are bound to a certificate are rejected)
   * @see RFC 8705 §3
   */
  readonly mutualTls?: MutualTlsOptions;
}

/**
 * Options that `authenticate()` and `JweStrategy` share: the tokens to accept, the challenge to send, and the routes
 * without a token.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 * @typeParam Req request that `tokenLocations.getToken` receives
 */
export interface AcceptOptions<Claims extends object = NoClaims, Req = Request>
  extends RequestVerifierOptions<Claims, Req>,
    RejectionHookOption {
  /**
   * Routes that requests can use without a token: exact paths for `GET` and `HEAD`, or paths with a method. A token in
   * such a request is not read.
   *
   * @default [] (every route requires a token)
   */
  readonly unless?: readonly (string | ExemptRoute)[];
  /**
   * Whether CORS preflights pass as anonymous requests: `OPTIONS` with `Origin` and `Access-Control-Request-Method`,
   * without `Authorization` and cookies. Any client can send such a request, so respond to it directly afterwards, for
   * example with `cors()`.
   *
   * @default 'reject' (preflights require a token)
   */
  readonly preflight?: PreflightPolicy;
}

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

/** Known options of `RequestVerifierOptions`, for `assertOptions()`. */
export const REQUEST_VERIFIER_OPTIONS: KnownOptions<RequestVerifierOptions> = {
  ...ACCEPTANCE_OPTIONS,
  ...{ scope: true, tokenLocations: true, dpop: true, mutualTls: true },
  ...{ realm: true, resourceMetadata: true, audit: true },
};

/** Known options of `AcceptOptions`, for `assertOptions()`. */
export const ACCEPT_OPTIONS: KnownOptions<AcceptOptions> = {
  ...REQUEST_VERIFIER_OPTIONS,
  ...{ unless: true, preflight: true, onRejected: true },
};
