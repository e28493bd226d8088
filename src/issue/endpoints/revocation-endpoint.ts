import type { RequestHandler } from 'express';
import { debugRejection } from '../../base/debug-rejection.js';
import { InvalidGrantError, InvalidTokenError, UnsupportedTokenTypeError } from '../../base/errors.js';
import type { TokenRejection } from '../../base/rejections.js';
import { asyncHandler } from '../../http/async-handler.js';
import { NO_STORE } from '../../http/no-store.js';
import { createRequestSlot } from '../../http/request-slot.js';
import type { Revocable } from '../../revocation/revocable.js';
import type { Revocations } from '../../revocation/revocations.js';
import type { VerifiedToken } from '../../token/claims/verified-token.js';
import { authenticateClient, type ClientParts } from '../authenticate-client.js';
import { openRefreshToken, type RefreshTokenBackend } from '../refresh-tokens.js';
import { requesterOfRequest } from '../request-client.js';
import type { VerifyToken } from '../router-verifiers.js';
import type { Endpoint } from './endpoint.js';
import { receiveParameters } from './receive-parameters.js';
import { receivedToken, receiveToken } from './receive-token.js';

export interface RevocationEndpointParts extends ClientParts {
  /** Accepts tokens with proof of issuance for every audience of the API keys. */
  readonly verifyRevocable: VerifyToken;
  readonly revocations: Revocations;
  /** `undefined` if the router issues no refresh tokens. */
  readonly refreshTokens: RefreshTokenBackend | undefined;
}

/**
 * `POST /revoke` (RFC 7009 §2): revokes an access token of the client, or ends the session of its refresh token.
 * Unknown, expired and already revoked tokens get the same response as a successful revocation.
 */
export function revocationEndpoint(parts: RevocationEndpointParts): Endpoint {
  return [
    parts.throttle.rejectThrottled,
    ...receiveParameters,
    authenticateClient(parts),
    receiveToken,
    endSession(parts),
    findRevocableToken(parts),
    assertOwnToken,
    revokeToken(parts),
    confirm,
  ];
}

const revocableSlot = createRequestSlot<VerifiedToken>();

const confirm: RequestHandler = (_req, res) => {
  res.status(200).set(NO_STORE).end();
};

/** Revoking a refresh token revokes its whole grant, here its session (RFC 7009 §2.1). All other tokens pass. */
function endSession({ refreshTokens, clock }: RevocationEndpointParts): RequestHandler {
  return asyncHandler(async function endSession(req, res, next) {
    const presented = await openRefreshToken(refreshTokens, receivedToken(req), clock());
    if (refreshTokens === undefined || presented === undefined) return next();
    await refreshTokens.families.end(presented, requesterOfRequest(req));
    confirm(req, res, next);
  });
}

/** A resource server may still accept tokens with these reasons, so 200 would be misleading (RFC 7009 §2.2.1). */
const UNSUPPORTED: ReadonlySet<TokenRejection> = new Set([
  ...(['encryption_only', 'unprovable', 'unproven', 'lifetime_too_long'] as const),
]);

/** Verifies the token. An invalid token needs no revocation. */
function findRevocableToken({ verifyRevocable }: RevocationEndpointParts): RequestHandler {
  return asyncHandler(async function findRevocableToken(req, res, next) {
    const verified = await findValid(verifyRevocable, receivedToken(req));
    if (verified === undefined) return void confirm(req, res, next);
    revocableSlot.fill(req, verified);
    next();
  });
}

/**
 * @returns `undefined` for an invalid token
 * @throws UnsupportedTokenTypeError if only its audience can decrypt the token, or it carries no proof of issuance
 */
async function findValid(verify: VerifyToken, token: string): Promise<VerifiedToken | undefined> {
  try {
    return await verify(token);
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
    debugRejection('tokenRouter POST /revoke', error);
    if (UNSUPPORTED.has(error.reason)) throw new UnsupportedTokenTypeError();
    return undefined;
  }
}

const assertOwnToken: RequestHandler = (req, _res, next) => {
  const { claims } = revocableSlot.get(req);
  if (claims.client_id !== requesterOfRequest(req).clientId) throw new InvalidGrantError('wrong_client');
  next();
};

function revokeToken({ revocations }: RevocationEndpointParts): RequestHandler {
  return asyncHandler(async function revokeToken(req, _res, next) {
    const { clientId, ip } = requesterOfRequest(req);
    await revocations.revoke(describeRevocable(revocableSlot.get(req), clientId), clientId, ip);
    next();
  });
}

/** Omits the subject of a delegated token, which belongs to another client. */
function describeRevocable({ type, claims }: VerifiedToken, clientId: string): Revocable {
  const { jti, exp: expiresAt, iat: issuedAt, sub } = claims;
  const subject = type === 'delegation' || sub === undefined ? {} : { subject: sub };
  return { kind: 'token', clientId, jti, expiresAt, issuedAt, ...subject };
}
