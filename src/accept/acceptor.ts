import type { Request } from 'express';
import type { AuditEvent } from '../audit/events.js';
import { assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type AcceptedToken, recordAcceptances } from '../audit/record-acceptances.js';
import { systemClock } from '../base/clock.js';
import { debugConfiguration } from '../base/debug-configuration.js';
import { debugRejection } from '../base/debug-rejection.js';
import {
  InvalidRequestError,
  InvalidTokenError,
  MissingCredentialsError,
  PassportJweError,
} from '../base/errors.js';
import type { TokenIdentity } from '../base/rejections.js';
import { isB64Token, MALFORMED_AUTHORIZATION } from '../http/extract-bearer-token.js';
import type { IncomingRequest } from '../http/incoming-request.js';
import { findMissingScope } from '../http/missing-scope.js';
import { readIp } from '../http/request-ip.js';
import { createOriginReader } from '../http/request-origin.js';
import type {
  Acceptance,
  Authentication,
  AuthenticationOutcome,
  Exchange,
  RefusedToken,
  ShownToken,
} from '../http/request-state.js';
import { createChallengeWriter } from '../http/write-challenge.js';
import { identifyToken } from '../token/claims/identify-token.js';
import { resolveRequiredScope } from '../token/claims/scope.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { describeVerifier } from '../verify/describe-verifier.js';
import { prepareVerifier } from '../verify/token-verifier.js';
import type { AcceptOptions } from './accept-options.js';
import { createTokenReader } from './create-token-reader.js';
import { createExemption } from './exempt-routes.js';
import { createPreflightCheck } from './preflight-check.js';
import { createRejectionHook } from './rejection-hook.js';
import { listTokenLocations, resolveTokenLocations } from './token-locations.js';

/** Authenticates requests by their bearer token. It does not write responses. */
export interface Acceptor<Req extends IncomingRequest = Request> extends Authentication {
  /**
   * Authenticate a request, synchronously if possible. For a rejected token or an unavailable store, it returns a
   * result of the kind `refused`, and for an exempt route or preflight one of the kind `anonymous`.
   *
   * @throws Error (or as rejection) for programming errors only
   */
  accept(req: Req): AuthenticationOutcome | Promise<AuthenticationOutcome>;
  /** Record the audit event for an accepted token, with the client address and user agent. */
  recordAcceptance(req: Req, shown: Required<ShownToken>): void;
}

/**
 * Create the acceptor of `authenticate()`, `JweStrategy` or `createRequestVerifier()`.
 *
 * @typeParam Req request that `accept()` receives
 * @param where function or class that takes the options, for error messages and debug lines
 * @throws TypeError if an option is missing or malformed
 */
export function createAcceptor<Req extends IncomingRequest = Request>(
  options: AcceptOptions<object, Req>,
  where: string,
): Acceptor<Req> {
  const verifier = prepareVerifier(options, where);
  const locations = resolveTokenLocations(options.tokenLocations, where);
  const readToken = createTokenReader(locations, where);
  const tokenLocations = listTokenLocations(locations);
  const requiredScope = resolveRequiredScope(options.scope ?? [], `${where}: scope`);
  const { audit = noAuditTrail, clock = systemClock } = options;
  assertAuditTrail(audit, where);
  const countAcceptance = recordAcceptances(audit, clock);
  const readOrigin = createOriginReader();
  const isExempt = createExemption(options.unless, where);
  const passesAsPreflight = createPreflightCheck(options.preflight, where);
  const callOnRejected = createRejectionHook(options.onRejected, where);
  debugConfiguration(where, () => ({
    ...describeVerifier(options),
    scope: requiredScope,
    tokenLocations,
    audit: audit.enabled,
  }));

  const checkScope = (token: VerifiedToken, presented: string): Acceptance => {
    const error = findMissingScope(token, requiredScope);
    return error === undefined
      ? { kind: 'verified', token, presented }
      : { kind: 'refused', error, token, presented };
  };
  const acceptLater = (verified: Promise<VerifiedToken>, presented: string): Promise<Acceptance> =>
    verified.then(
      (token) => checkScope(token, presented),
      (failure) => toRefusal(failure, presented),
    );
  const proofOf = (presented: string | undefined): { readonly proven?: true } =>
    presented !== undefined && verifier.isProven(presented) ? { proven: true } : {};

  const recordNotEncrypted = (req: Req, token: VerifiedToken): void => {
    // The response does not wait for the record. The trail reports its own failures.
    audit.record({ type: 'token.not_encrypted', ...identifyToken(token), ...readIp(req) }).catch(() => {});
  };

  return Object.freeze({
    accept(req: Req): AuthenticationOutcome | Promise<AuthenticationOutcome> {
      if (isExempt?.(req)) return { kind: 'anonymous' };
      let presented: string | undefined;
      try {
        presented = readToken(req);
        if (presented === undefined && passesAsPreflight(req)) return { kind: 'anonymous' };
        if (presented === undefined) throw new MissingCredentialsError();
        const verified = verifier.verify(presented);
        return verified instanceof Promise
          ? acceptLater(verified, presented)
          : checkScope(verified, presented);
      } catch (failure) {
        return toRefusal(failure, presented);
      }
    },
    verifyProven: (presented: string) => verifier.verifyProven(presented),
    recordAcceptance: (req: Req, { token, presented }: Required<ShownToken>) => {
      if (!audit.enabled) return;
      if (!isEncrypted(token)) recordNotEncrypted(req, token);
      const identify = () => ({ ...identifyWithSession(token), ...proofOf(presented) });
      countAcceptance(presented, identify, readOrigin(req));
    },
    recordRefusal: async (exchange: Exchange, error: PassportJweError, refused: RefusedToken) => {
      const { token, presented, guard = where } = refused;
      debugRejection(guard, error, () => describeRejected(error, token, tokenLocations));
      // Many clients send their first request without a token, to receive the challenge.
      if (!(error instanceof MissingCredentialsError) && audit.enabled) {
        const known = token === undefined ? undefined : { ...identifyToken(token), ...proofOf(presented) };
        await audit.record(describeRefusal(exchange.req, error, known));
      }
      callOnRejected(exchange, error);
    },
    writeChallenge: createChallengeWriter(options, where, requiredScope),
    clock,
  });
}

/**
 * Convert a verification failure to a rejection. If the token is not a b64token, the error is `invalid_request` (RFC
 * 6750 §3.1). Rethrow programming errors.
 */
function toRefusal(failure: unknown, presented: string | undefined): Acceptance {
  if (!(failure instanceof PassportJweError)) throw failure;
  const isMalformed = failure instanceof InvalidTokenError && !isB64Token(presented);
  const error = isMalformed ? new InvalidRequestError(MALFORMED_AUTHORIZATION) : failure;
  return { kind: 'refused', error };
}

/** Facts for the debug line: the expected locations of the token, or the type and the `kid` of a verified token. */
function describeRejected(
  error: PassportJweError,
  token: VerifiedToken | undefined,
  tokenLocations: readonly string[],
): object {
  if (error instanceof MissingCredentialsError) return { tokenLocations };
  return token === undefined ? {} : { type: token.type, kid: token.header['kid'] };
}

/** Whether a token is a JWE. Every JWE has `enc` in its protected header (RFC 7516 §4.1.2), and no JWS has it. */
function isEncrypted({ header }: VerifiedToken): boolean {
  return header['enc'] !== undefined;
}

function identifyWithSession(token: VerifiedToken): AcceptedToken {
  const { session_id: sessionId } = token.claims;
  return { ...identifyToken(token), ...(sessionId === undefined ? {} : { sessionId }) };
}

/**
 * Build the audit event for a rejected request, with the identity of the verified token or of the token in the error.
 */
function describeRefusal(
  req: IncomingRequest,
  error: PassportJweError,
  known: TokenIdentity | undefined,
): AuditEvent {
  return {
    type: 'token.refused',
    code: error.code,
    ...(error instanceof InvalidTokenError ? { reason: error.reason } : {}),
    ...(known ?? (error instanceof InvalidTokenError ? error.token : undefined)),
    ...readIp(req),
  };
}
