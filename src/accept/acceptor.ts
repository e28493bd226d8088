import type { Request } from 'express';
import { assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { recordAcceptances } from '../audit/record-acceptances.js';
import { systemClock } from '../base/clock.js';
import { debugConfiguration } from '../base/debug-configuration.js';
import { debugRejection } from '../base/debug-rejection.js';
import { UseDpopNonceError } from '../base/dpop-errors.js';
import {
  InvalidRequestError,
  InvalidTokenError,
  MissingCredentialsError,
  PassportJweError,
} from '../base/errors.js';
import { readAuditOrigin, readRequestId } from '../http/audit-origin-reader.js';
import { isB64Token, MALFORMED_AUTHORIZATION } from '../http/extract-bearer-token.js';
import type { IncomingRequest } from '../http/incoming-request.js';
import { findMissingScope } from '../http/missing-scope.js';
import { createRejectionHook } from '../http/rejection-hook.js';
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
import type { SenderEvidence } from '../token/claims/confirmation.js';
import { identifyToken } from '../token/claims/identify-token.js';
import { resolveRequiredScope } from '../token/claims/scope.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { describeVerifier } from '../verify/describe-verifier.js';
import { describeDpop } from '../verify/dpop/describe-dpop.js';
import { prepareVerifier } from '../verify/token-verifier.js';
import type { AcceptOptions } from './accept-options.js';
import { createTokenReader } from './create-token-reader.js';
import {
  describeRefusedToken,
  describeRejected,
  identifyWithSession,
  isEncrypted,
} from './describe-token.js';
import { createExemption } from './exempt-routes.js';
import { createPreflightCheck } from './preflight-check.js';
import { createSenderReader, nonceOf, type RequestSender } from './sender-reader.js';
import { addSchemes, listTokenLocations, resolveTokenLocations } from './token-locations.js';

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
  const senders = createSenderReader(options, where);
  const locations = addSchemes(resolveTokenLocations(options.tokenLocations, where), senders?.schemes ?? []);
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
    dpop: describeDpop(options.dpop),
    mutualTls: options.mutualTls?.certificate ?? false,
    audit: audit.enabled,
  }));

  /** Confirm the sender of a verified token, and check its scope. */
  const conclude = (req: Req, token: VerifiedToken, shown: Shown): Acceptance | Promise<Acceptance> => {
    if (shown.sender?.proof === undefined) return checkScope(token, shown);
    const refuseSender = (failure: unknown) => refuse(req, failure, { ...shown, token });
    try {
      const confirming = senders?.confirm(shown.sender, shown.presented);
      return confirming === undefined
        ? checkScope(token, shown)
        : confirming.then(() => checkScope(token, shown)).catch(refuseSender);
    } catch (failure) {
      return refuseSender(failure);
    }
  };
  const checkScope = (token: VerifiedToken, shown: Shown): Acceptance => {
    const { presented, sender } = shown;
    const error = findMissingScope(token, requiredScope);
    const scheme = sender?.proof && 'DPoP';
    const nonce = sender?.proof?.nextNonce;
    return error === undefined
      ? { kind: 'verified', token, presented, sender, scheme, nonce }
      : { kind: 'refused', error, token, presented, scheme, nonce };
  };
  const refuse = (req: Req, failure: unknown, shown: RefusedShown): Acceptance => ({
    ...toRefusal(failure, shown),
    ...(senders?.usesDpop(req) ? { scheme: 'DPoP' } : {}),
  });
  const proofOf = (presented: string | undefined): { readonly proven?: true } =>
    presented !== undefined && verifier.isProven(presented) ? { proven: true } : {};

  const recordNotEncrypted = (req: Req, token: VerifiedToken): void => {
    // The response does not wait for the record. The trail reports its own failures.
    audit
      .record({ type: 'token.not_encrypted', ...identifyToken(token), ...readAuditOrigin(req) })
      .catch(() => {});
  };

  return Object.freeze({
    accept(req: Req): AuthenticationOutcome | Promise<AuthenticationOutcome> {
      if (isExempt?.(req)) return { kind: 'anonymous' };
      let presented: string | undefined;
      let sender: RequestSender | undefined;
      try {
        presented = readToken(req);
        if (presented === undefined && passesAsPreflight(req)) return { kind: 'anonymous' };
        if (presented === undefined) throw new MissingCredentialsError();
        sender = senders?.read(req);
        const shown = { presented, sender };
        const verified = verifier.verify(presented, sender);
        const accepted =
          verified instanceof Promise
            ? verified.then((token) => conclude(req, token, shown))
            : conclude(req, verified, shown);
        return accepted instanceof Promise
          ? accepted.catch((failure) => refuse(req, failure, shown))
          : accepted;
      } catch (failure) {
        return refuse(req, failure, { presented, sender });
      }
    },
    verifyProven: (presented: string, sender: SenderEvidence | undefined) =>
      verifier.verifyProven(presented, sender),
    recordAcceptance: (req: Req, { token, presented }: Required<ShownToken>) => {
      if (!audit.enabled) return;
      if (!isEncrypted(token)) recordNotEncrypted(req, token);
      const identify = () => ({ ...identifyWithSession(token), ...proofOf(presented) });
      countAcceptance(presented, identify, readOrigin(req), () => readRequestId(req));
    },
    recordRefusal: async (exchange: Exchange, error: PassportJweError, refused: RefusedToken) => {
      const { token, presented, guard = where } = refused;
      debugRejection(guard, error, () => describeRejected(error, token, tokenLocations));
      if (!isRoutine(error) && audit.enabled) {
        const known = token === undefined ? undefined : { ...identifyToken(token), ...proofOf(presented) };
        await audit.record(describeRefusedToken(exchange.req, error, known));
      }
      callOnRejected(exchange, error);
    },
    writeChallenge: createChallengeWriter(options, where, { scope: requiredScope, dpop: senders?.dpop }),
    clock,
  });
}

/** Whether clients cause an error on purpose: many send their first request without a token or nonce, to receive the challenge. */
function isRoutine(error: PassportJweError): boolean {
  return error instanceof MissingCredentialsError || error instanceof UseDpopNonceError;
}

/** A token as the request presented it, and the keys of which the request claims possession. */
interface Shown {
  readonly presented: string;
  readonly sender: RequestSender | undefined;
}

/** Properties of a rejected token. */
interface RefusedShown {
  readonly presented: string | undefined;
  readonly sender: RequestSender | undefined;
  /** Token that was verified before its sender was rejected. */
  readonly token?: VerifiedToken;
}

/**
 * Convert a verification failure to a rejection. If the token is not a b64token, the error is `invalid_request` (RFC
 * 6750 §3.1). Rethrow programming errors.
 */
function toRefusal(failure: unknown, { presented, sender, token }: RefusedShown): Acceptance {
  if (!(failure instanceof PassportJweError)) throw failure;
  const isMalformed = failure instanceof InvalidTokenError && !isB64Token(presented);
  const error = isMalformed ? new InvalidRequestError(MALFORMED_AUTHORIZATION) : failure;
  const verified = token === undefined || presented === undefined ? {} : { token, presented };
  return { kind: 'refused', error, ...verified, ...nonceOf(sender, error) };
}
