import type { Request, RequestHandler } from 'express';
import {
  InvalidGrantError,
  InvalidRequestError,
  InvalidTokenError,
  UnsupportedTokenTypeError,
} from '../base/errors.js';
import type { TokenRejection } from '../base/rejections.js';
import { NO_STORE } from '../http/no-store.js';
import { readParameter, readTokenRequest } from '../http/read-token-request.js';
import { readIp } from '../http/request-ip.js';
import type { Revocable } from '../revocation/revocable.js';
import type { Revocations } from '../revocation/revocations.js';
import type { Requester } from '../sessions/refresh-contract.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { authenticateClient, type ClientAuthenticator } from './authenticate-client.js';
import { openRefreshToken, type RefreshParts } from './open-refresh-token.js';
import type { VerifyToken } from './router-verifiers.js';

export interface RevocationParts extends ClientAuthenticator {
  /** Accepts tokens of every audience that the API keys have, which prove that they were issued here. */
  readonly verify: VerifyToken;
  readonly revocations: Revocations;
  /** Default: there are no refresh tokens. */
  readonly sessions: RefreshParts | undefined;
}

/** What readers may accept, but cannot be revoked here: the answer must not be taken for a revocation (RFC 7009 section 2.2.1). */
const UNSUPPORTED: ReadonlySet<TokenRejection> = new Set([
  ...(['encryption_only', 'unprovable', 'unproven', 'lifetime_too_long'] as const),
]);

/**
 * The revocation endpoint behind its parsers (RFC 7009 section 2). A token that is unknown, expired or revoked
 * already is answered like one that was revoked: there is nothing left to do. A token that only its audience can open, or
 * that does not prove that it was issued here, is said to be of an unsupported type.
 */
export function revokeToken(parts: RevocationParts): RequestHandler {
  const revoke = async (req: Request): Promise<void> => {
    const request = readTokenRequest(req);
    const { keyId } = await authenticateClient(req, request, parts);
    const token = readParameter(request, 'token');
    if (token === undefined) throw new InvalidRequestError('The parameter token is missing');
    const origin = readIp(req);
    if (await endSession(parts, token, { clientId: keyId, ...origin })) return;
    const verified = await findValid(parts.verify, token);
    if (verified === undefined) return;
    if (verified.claims.client_id !== keyId) throw new InvalidGrantError('wrong_client');
    await parts.revocations.revoke(describeRevocable(verified, keyId), keyId, origin.ip);
  };

  return function answerRevocationRequest(req, res, next) {
    revoke(req)
      .then(() => void res.status(200).set(NO_STORE).end())
      .catch(next);
  };
}

/** RFC 7009 section 2.1: a refresh token ends what was issued for it, here its session and the tokens in that. */
async function endSession({ sessions, clock }: RevocationParts, token: string, requester: Requester) {
  const presented = await openRefreshToken(sessions, token, clock());
  if (sessions === undefined || presented === undefined) return false;
  await sessions.families.end(presented, requester);
  return true;
}

/** The subject of a delegated token is one of another client. */
function describeRevocable({ type, claims }: VerifiedToken, clientId: string): Revocable {
  const { jti, exp: expiresAt, iat: issuedAt, sub } = claims;
  const subject = type === 'delegation' || sub === undefined ? {} : { subject: sub };
  return { kind: 'token', clientId, jti, expiresAt, issuedAt, ...subject };
}

async function findValid(verify: VerifyToken, token: string): Promise<VerifiedToken | undefined> {
  try {
    return await verify(token);
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
    if (UNSUPPORTED.has(error.reason)) throw new UnsupportedTokenTypeError();
    return undefined;
  }
}
