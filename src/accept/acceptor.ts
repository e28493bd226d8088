import type { Request } from 'express';
import type { AuditEvent } from '../audit/events.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type AcceptedToken, recordAcceptances } from '../audit/record-acceptances.js';
import { systemClock } from '../base/clock.js';
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
import type { Acceptance, Authentication, ShownToken } from '../http/request-state.js';
import { type ChallengeOptions, createChallengeWriter } from '../http/write-challenge.js';
import { identifyToken } from '../token/claims/identify-token.js';
import { resolveRequiredScope } from '../token/claims/scope.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { prepareVerifier, type TokenVerifierOptions } from '../verify/token-verifier.js';
import { createTokenReader, type TokenLocations } from './token-locations.js';

/** What both kinds of authentication, Passport and plain middleware, are told. */
export interface AcceptOptions extends Omit<TokenVerifierOptions, 'signing'>, ChallengeOptions {
  /** Where acceptance and refusals are put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
  /** Scope tokens that every request needs, all of them. Default: none; guards can ask for more by route. */
  readonly scope?: string | readonly string[];
  /** Where tokens are looked for. Default: the `Authorization` header alone. */
  readonly tokenLocations?: TokenLocations;
}

/** For the lists of those who extend them. */
export const ACCEPT_OPTIONS: KnownOptions<AcceptOptions> = {
  keyRing: true,
  issuer: true,
  audience: true,
  scope: true,
  clockToleranceSeconds: true,
  maxTokenAgeSeconds: true,
  maxTokenLifetimeSeconds: true,
  requiredClaims: true,
  scopeClaim: true,
  typ: true,
  maxTokenLength: true,
  verification: true,
  trustedIssuers: true,
  tokenCache: true,
  tokenLocations: true,
  revocations: true,
  legacy: true,
  apiKeys: true,
  realm: true,
  resourceMetadata: true,
  audit: true,
  clock: true,
};

/** Decides about requests; knows nothing of responses. */
export interface Acceptor extends Authentication {
  /**
   * Returns no promise where nothing has to be waited for. Throws or rejects only for a fault of the program; all that a
   * client or an outage can cause is a refusal.
   */
  accept(req: Request): Acceptance | Promise<Acceptance>;
  /** Records a verified token that is let through, with where it came from. */
  recordAcceptance(req: Request, shown: Required<ShownToken>): void;
}

/** @throws TypeError for an option that is missing or makes no sense. */
export function createAcceptor(options: AcceptOptions): Acceptor {
  const verifier = prepareVerifier(options);
  const readToken = createTokenReader(options.tokenLocations);
  const requiredScope = resolveRequiredScope(options.scope ?? [], 'scope');
  const { audit = noAuditTrail, clock = systemClock } = options;
  assertAuditTrail(audit);
  const countAcceptance = recordAcceptances(audit, clock);
  const readOrigin = createOriginReader();

  const checkScope = (token: VerifiedToken, presented: string): Acceptance => {
    const error = findMissingScope(token, requiredScope);
    return error === undefined
      ? { kind: 'verified', token, presented }
      : { kind: 'refused', error, token, presented };
  };
  const proofOf = (presented: string | undefined): { readonly proven?: true } =>
    presented !== undefined && verifier.isProven(presented) ? { proven: true } : {};

  const settle = (pending: Promise<VerifiedToken>, presented: string): Promise<Acceptance> =>
    pending.then(
      (verified) => checkScope(verified, presented),
      (failure) => refuse(failure, presented),
    );

  return Object.freeze({
    accept(req: Request): Acceptance | Promise<Acceptance> {
      let presented: string | undefined;
      try {
        presented = readToken(req);
        if (presented === undefined) throw new MissingCredentialsError();
        const verified = verifier.verify(presented);
        if (!(verified instanceof Promise)) return checkScope(verified, presented);
        return settle(verified, presented);
      } catch (failure) {
        return refuse(failure, presented);
      }
    },
    verifyProven: (presented: string) => verifier.verifyProven(presented),
    recordAcceptance: (req: Request, { token, presented }: Required<ShownToken>) => {
      if (!audit.enabled) return;
      const identify = () => ({ ...identifyWithSession(token), ...proofOf(presented) });
      countAcceptance(presented, identify, readOrigin(req));
    },
    recordRefusal: async (req: Request, error: PassportJweError, { token, presented }: ShownToken) => {
      // A request without credentials refuses no token; it is how many clients begin.
      if (error instanceof MissingCredentialsError || !audit.enabled) return;
      const known = token === undefined ? undefined : { ...identifyToken(token), ...proofOf(presented) };
      await audit.record(toRefusal(req, error, known));
    },
    writeChallenge: createChallengeWriter(options),
    clock,
  });
}

/** A token that could be none at all makes the request a malformed one. @throws what is a fault of the program. */
function refuse(failure: unknown, presented: string | undefined): Acceptance {
  if (!(failure instanceof PassportJweError)) throw failure;
  const isMalformed = failure instanceof InvalidTokenError && !isB64Token(presented);
  const error = isMalformed ? new InvalidRequestError(MALFORMED_AUTHORIZATION) : failure;
  return { kind: 'refused', error };
}

function identifyWithSession(token: VerifiedToken): AcceptedToken {
  const { session_id: sessionId } = token.claims;
  return { ...identifyToken(token), ...(sessionId === undefined ? {} : { sessionId }) };
}

/** The token of the request; where that was not verified, the one that the error names. */
function toRefusal(req: Request, error: PassportJweError, known: TokenIdentity | undefined): AuditEvent {
  return {
    type: 'token.refused',
    code: error.code,
    ...(error instanceof InvalidTokenError ? { reason: error.reason } : {}),
    ...(known ?? (error instanceof InvalidTokenError ? error.token : undefined)),
    ...readIp(req),
  };
}
