import type { Request } from 'express';
import type { AuditEvent } from '../audit/events.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
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
import type { KnownOptions } from '../base/options.js';
import type { TokenIdentity } from '../base/rejections.js';
import { isB64Token, MALFORMED_AUTHORIZATION } from '../http/extract-bearer-token.js';
import { findMissingScope } from '../http/missing-scope.js';
import { readIp } from '../http/request-ip.js';
import { createOriginReader } from '../http/request-origin.js';
import type { Acceptance, Authentication, RefusedToken, ShownToken } from '../http/request-state.js';
import { type ChallengeOptions, createChallengeWriter } from '../http/write-challenge.js';
import { identifyToken } from '../token/claims/identify-token.js';
import { resolveRequiredScope } from '../token/claims/scope.js';
import type { NoClaims, VerifiedToken } from '../token/claims/verified-token.js';
import { describeVerifier } from '../verify/describe-verifier.js';
import { prepareVerifier } from '../verify/token-verifier.js';
import { ACCEPTANCE_OPTIONS, type TokenVerifierOptions } from '../verify/token-verifier-options.js';
import { createTokenReader, listTokenLocations, type TokenLocations } from './token-locations.js';

/**
 * Options that `authenticate()` and `JweStrategy` share: the tokens to accept, and the challenge to send.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 */
export interface AcceptOptions<Claims extends object = NoClaims>
  extends Omit<TokenVerifierOptions<Claims>, 'signing'>,
    ChallengeOptions {
  /**
   * Audit trail that receives the events `token.accepted` and `token.refused`.
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
  readonly tokenLocations?: TokenLocations;
}

/** Known options of `AcceptOptions`, for `assertOptions()`. */
export const ACCEPT_OPTIONS: KnownOptions<AcceptOptions> = {
  ...ACCEPTANCE_OPTIONS,
  ...{ scope: true, tokenLocations: true, realm: true, resourceMetadata: true, audit: true },
};

/** Authenticates requests by their bearer token. It does not write responses. */
export interface Acceptor extends Authentication {
  /**
   * Authenticate a request, synchronously if possible. For a rejected token or an unavailable store, it returns a
   * result of the kind `refused`.
   *
   * @throws Error (or as rejection) for programming errors only
   */
  accept(req: Request): Acceptance | Promise<Acceptance>;
  /** Record the audit event for an accepted token, with the client address and user agent. */
  recordAcceptance(req: Request, shown: Required<ShownToken>): void;
}

/**
 * Create the acceptor of `authenticate()` or `JweStrategy`.
 *
 * @param where function or class that takes the options, for the error messages
 * @param where function that takes the options, for debug lines
 * @throws TypeError if an option is missing or malformed
 */
export function createAcceptor(options: AcceptOptions<object>, where: string): Acceptor {
  const verifier = prepareVerifier(options, where);
  const readToken = createTokenReader(options.tokenLocations, where);
  const requiredScope = resolveRequiredScope(options.scope ?? [], `${where}: scope`);
  const { audit = noAuditTrail, clock = systemClock } = options;
  assertAuditTrail(audit, where);
  const countAcceptance = recordAcceptances(audit, clock);
  const readOrigin = createOriginReader();
  debugConfiguration(where, () => ({
    ...describeVerifier(options),
    scope: requiredScope,
    tokenLocations: listTokenLocations(options.tokenLocations),
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

  return Object.freeze({
    accept(req: Request): Acceptance | Promise<Acceptance> {
      let presented: string | undefined;
      try {
        presented = readToken(req);
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
    recordAcceptance: (req: Request, { token, presented }: Required<ShownToken>) => {
      if (!audit.enabled) return;
      const identify = () => ({ ...identifyWithSession(token), ...proofOf(presented) });
      countAcceptance(presented, identify, readOrigin(req));
    },
    recordRefusal: async (req: Request, error: PassportJweError, refused: RefusedToken) => {
      const { token, presented, guard = where } = refused;
      debugRejection(guard, error, () => describeRejected(error, token, options.tokenLocations));
      // Many clients send their first request without a token, to receive the challenge.
      if (error instanceof MissingCredentialsError || !audit.enabled) return;
      const known = token === undefined ? undefined : { ...identifyToken(token), ...proofOf(presented) };
      await audit.record(describeRefusal(req, error, known));
    },
    writeChallenge: createChallengeWriter(options, where),
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
  locations: TokenLocations | undefined,
): object {
  if (error instanceof MissingCredentialsError) return { tokenLocations: listTokenLocations(locations) };
  return token === undefined ? {} : { type: token.type, kid: token.header['kid'] };
}

function identifyWithSession(token: VerifiedToken): AcceptedToken {
  const { session_id: sessionId } = token.claims;
  return { ...identifyToken(token), ...(sessionId === undefined ? {} : { sessionId }) };
}

/**
 * Build the audit event for a rejected request, with the identity of the verified token or of the token in the error.
 */
function describeRefusal(
  req: Request,
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
