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
import { type TokenVerifierOptions, VERIFIER_OPTIONS } from '../verify/token-verifier-options.js';
import { createTokenReader, listTokenLocations, type TokenLocations } from './token-locations.js';

/**
 * Options of `authenticate()` and `JweStrategy`.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 */
export interface AcceptOptions<Claims extends object = NoClaims>
  extends Omit<TokenVerifierOptions<Claims>, 'signing'>,
    ChallengeOptions {
  /** Audit trail that records events for accepted and rejected tokens. Default: none. */
  readonly audit?: AuditTrail;
  /** Scope tokens that every request requires. Guards can require more for single routes. Default: none. */
  readonly scope?: string | readonly string[];
  /** Locations of tokens in requests. Default: the `Authorization` header only. */
  readonly tokenLocations?: TokenLocations;
}

/** Names of the options, for `assertOptions`. */
export const ACCEPT_OPTIONS: KnownOptions<AcceptOptions> = {
  ...VERIFIER_OPTIONS,
  ...{ scope: true, tokenLocations: true, realm: true, resourceMetadata: true, audit: true },
};

/** Accepts or rejects requests. It does not write responses. */
export interface Acceptor extends Authentication {
  /**
   * Accepts or rejects a request, synchronously if possible. Rejected tokens and unavailable stores are results. Throws (or
   * rejects) only for programming errors.
   */
  accept(req: Request): Acceptance | Promise<Acceptance>;
  /** Records an accepted token, with the client address and user agent. */
  recordAcceptance(req: Request, shown: Required<ShownToken>): void;
}

/**
 * @param where function that takes the options, for debug lines.
 * @throws TypeError for a missing or malformed option.
 */
export function createAcceptor(options: AcceptOptions<object>, where: string): Acceptor {
  const verifier = prepareVerifier(options);
  const readToken = createTokenReader(options.tokenLocations);
  const requiredScope = resolveRequiredScope(options.scope ?? [], 'scope');
  const { audit = noAuditTrail, clock = systemClock } = options;
  assertAuditTrail(audit);
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
      // Many clients send their first request without a token.
      if (error instanceof MissingCredentialsError || !audit.enabled) return;
      const known = token === undefined ? undefined : { ...identifyToken(token), ...proofOf(presented) };
      await audit.record(describeRefusal(req, error, known));
    },
    writeChallenge: createChallengeWriter(options),
    clock,
  });
}

/** A token that is not a b64token makes the request malformed (RFC 6750 §3.1). Rethrows programming errors. */
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

/** Describes the verified token of the request or, if there is none, the token that the error identifies. */
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
