import type { Request } from 'express';
import { type AuditTrail, noAuditTrail } from '../audit/record.js';
import { recordAcceptances } from '../audit/record-acceptances.js';
import {
  type ChallengeOptions,
  type ChallengeWriter,
  createChallengeWriter,
} from '../bearer/write-challenge.js';
import { formatScope, resolveRequiredScope } from '../claims/scope.js';
import type { VerifiedToken } from '../claims/verified-token.js';
import { type Clock, systemClock } from '../clock.js';
import { InsufficientScopeError, InvalidTokenError, JweError, MissingCredentialsError } from '../errors.js';
import { createTokenService, type TokenServiceOptions } from '../token-service.js';
import { createTokenReader, type TokenLocations } from './token-locations.js';

/** What both kinds of authentication, Passport and plain middleware, are told. */
export interface AcceptOptions extends TokenServiceOptions, ChallengeOptions {
  /** Scope tokens that every request needs, all of them. Default: none; guards can ask for more by route. */
  readonly scope?: string | readonly string[];
  /** Where tokens are looked for. Default: the `Authorization` header alone. */
  readonly tokenLocations?: TokenLocations;
}

export type Acceptance =
  | { readonly kind: 'verified'; readonly token: VerifiedToken }
  | { readonly kind: 'refused'; readonly error: JweError };

/** Decides about requests; knows nothing of responses. */
export interface Acceptor {
  /** Rejects only for a fault of the program; all that a client or an outage can cause is a refusal. */
  accept(req: Request): Promise<Acceptance>;
  /** Puts a verified token that is let through on record. */
  recordAcceptance(token: VerifiedToken): void;
  /** Puts a refusal on record. */
  recordRefusal(req: Request, error: JweError): Promise<void>;
  readonly writeChallenge: ChallengeWriter;
  readonly clock: Clock;
}

/** @throws TypeError for an option that is missing or makes no sense. */
export function createAcceptor(options: AcceptOptions): Acceptor {
  const tokens = createTokenService(options);
  const readToken = createTokenReader(options.tokenLocations);
  const requiredScope = resolveRequiredScope(options.scope ?? [], 'scope');
  const { audit = noAuditTrail, clock = systemClock } = options;
  const countAcceptance = recordAcceptances(audit, clock);

  const decide = async (req: Request): Promise<VerifiedToken> => {
    const token = readToken(req);
    if (token === undefined) throw new MissingCredentialsError();
    const verified = await tokens.verify(token);
    assertScope(verified, requiredScope);
    return verified;
  };

  return Object.freeze({
    async accept(req: Request): Promise<Acceptance> {
      try {
        return { kind: 'verified', token: await decide(req) };
      } catch (error) {
        if (error instanceof JweError) return { kind: 'refused', error };
        throw error;
      }
    },
    recordAcceptance: ({ claims }: VerifiedToken) => countAcceptance(identify(claims)),
    recordRefusal: (req: Request, error: JweError) => recordRefusal(audit, req, error),
    writeChallenge: createChallengeWriter(options),
    clock,
  });
}

/** @throws InsufficientScopeError unless the token has all of them. */
export function assertScope(token: VerifiedToken, required: readonly string[]): void {
  if (!required.every(token.hasScope)) throw new InsufficientScopeError(formatScope(required));
}

function identify({ jti, client_id: clientId, sub: subject }: VerifiedToken['claims']) {
  return {
    jti,
    ...(clientId === undefined ? {} : { clientId }),
    ...(subject === undefined ? {} : { subject }),
  };
}

/** A request without credentials refuses no token; it is how many clients begin. */
async function recordRefusal(audit: AuditTrail, req: Request, error: JweError): Promise<void> {
  if (error instanceof MissingCredentialsError) return;
  await audit.record({
    type: 'token.refused',
    code: error.code,
    ...(error instanceof InvalidTokenError ? { reason: error.reason } : {}),
    ...(req.ip === undefined ? {} : { ip: req.ip }),
  });
}
