import type { RequestHandler } from 'express';
import { debugRejection } from '../../base/debug-rejection.js';
import { InvalidTokenError } from '../../base/errors.js';
import type { TokenRejection } from '../../base/rejections.js';
import { InvalidGrantError, UnsupportedTokenTypeError } from '../../base/token-endpoint-errors.js';
import { asyncHandler } from '../../http/async-handler.js';
import { NO_STORE } from '../../http/no-store.js';
import { createRequestSlot } from '../../http/request-slot.js';
import type { Revocable } from '../../revocation/revocable.js';
import type { Revocations } from '../../revocation/revocations-contract.js';
import { normalizeTyp } from '../../token/claims/claims-policy.js';
import { ACCESS_TOKEN_TYP } from '../../token/claims/claims-set.js';
import type { VerifiedToken } from '../../token/claims/verified-token.js';
import { decodeBase64url } from '../../token/compact-serialization.js';
import { parseProtectedHeader } from '../../token/protected-header.js';
import { authenticateOrIdentifyClient, type ClientParts } from '../authenticate-client.js';
import { openRefreshToken, type RefreshTokenBackend } from '../refresh-tokens.js';
import { clientSlot, requesterOfRequest } from '../request-client.js';
import type { VerifyToken } from '../router-verifiers.js';
import type { Endpoint } from './endpoint.js';
import { receiveParameters } from './receive-parameters.js';
import { receivedToken, receiveToken } from './receive-token.js';

export interface RevocationEndpointParts extends ClientParts {
  /** Accept tokens with a proof of issuance, for every audience of the API keys. */
  readonly verifyRevocable: VerifyToken;
  readonly revocations: Revocations;
  /** Refresh token backend, or `undefined` if the router issues no refresh tokens. */
  readonly refreshTokens: RefreshTokenBackend | undefined;
}

/**
 * Create `POST /revoke` (RFC 7009 §2), which revokes an access token of the client, or ends the session of a refresh
 * token. A public client can send a refresh token with its `client_id` alone (RFC 7009 §2.1).
 *
 * The response for unknown, expired and already revoked tokens is the same as for a successful revocation.
 */
export function revocationEndpoint(parts: RevocationEndpointParts): Endpoint {
  return [
    parts.throttle.rejectThrottled,
    ...receiveParameters,
    // JWTs of workloads are only for the token endpoint.
    authenticateOrIdentifyClient({ ...parts, workloadClients: undefined }, () => true),
    receiveToken,
    endSession(parts),
    answerPublicClient,
    findRevocableToken(parts),
    assertOwnToken,
    revokeToken(parts),
    confirm,
  ];
}

const revocableSlot = createRequestSlot<VerifiedToken>();

/** Send an empty JSON object. Clients ignore the body (RFC 7009 §2.2), but some parse it. */
const confirm: RequestHandler = (_req, res) => {
  res.status(200).set(NO_STORE).json({});
};

/**
 * Create a middleware that ends the session of a refresh token, which is its authorization grant (RFC 7009 §2.1). It
 * passes all other tokens to the next middleware.
 */
function endSession({ refreshTokens, clock }: RevocationEndpointParts): RequestHandler {
  return asyncHandler(async function endSession(req, res, next) {
    const presented = await openRefreshToken(refreshTokens, receivedToken(req), clock());
    if (refreshTokens === undefined || presented === undefined) return next();
    await refreshTokens.families.end(presented, requesterOfRequest(req));
    confirm(req, res, next);
  });
}

/** Rejection reasons of tokens that a resource server may still accept: 200 would be misleading (RFC 7009 §2.2.1). */
const UNSUPPORTED: ReadonlySet<TokenRejection> = new Set([
  ...(['encryption_only', 'unprovable', 'unproven', 'lifetime_too_long'] as const),
]);

/** Create a middleware that verifies the access token. For an invalid token, it responds with 200 (RFC 7009 §2.2). */
function findRevocableToken({ verifyRevocable }: RevocationEndpointParts): RequestHandler {
  return asyncHandler(async function findRevocableToken(req, res, next) {
    const verified = await findValid(verifyRevocable, receivedToken(req));
    if (verified === undefined) return void confirm(req, res, next);
    revocableSlot.fill(req, verified);
    next();
  });
}

/**
 * Verify an access token for revocation.
 *
 * @returns `undefined` for an invalid token
 * @throws UnsupportedTokenTypeError if only the audience can decrypt the token, or the token carries no proof of
 *   issuance
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

/**
 * Respond to a public client, which can only end its session. Decide by the protected header alone, so that the response
 * does not tell an unauthenticated client whether a token is valid.
 */
const answerPublicClient: RequestHandler = (req, res, next) => {
  if (!clientSlot.get(req).isPublic) return next();
  if (isAccessToken(receivedToken(req))) throw new UnsupportedTokenTypeError();
  confirm(req, res, next);
};

function isAccessToken(token: string): boolean {
  try {
    const { typ } = parseProtectedHeader(decodeBase64url(token.slice(0, Math.max(0, token.indexOf('.')))));
    return typeof typ === 'string' && normalizeTyp(typ) === ACCESS_TOKEN_TYP;
  } catch (error) {
    if (error instanceof InvalidTokenError) return false;
    throw error;
  }
}

const assertOwnToken: RequestHandler = (req, _res, next) => {
  const { claims } = revocableSlot.get(req);
  if (claims.client_id !== requesterOfRequest(req).clientId) throw new InvalidGrantError('wrong_client');
  next();
};

function revokeToken({ revocations }: RevocationEndpointParts): RequestHandler {
  return asyncHandler(async function revokeToken(req, _res, next) {
    const { clientId, ...origin } = requesterOfRequest(req);
    await revocations.revoke(describeRevocable(revocableSlot.get(req), clientId), clientId, origin);
    next();
  });
}

/** Describe an access token to revoke. Omit the subject of a delegated token, which belongs to a different client. */
function describeRevocable({ type, claims }: VerifiedToken, clientId: string): Revocable {
  const { jti, exp: expiresAt, iat: issuedAt, sub } = claims;
  const subject = type === 'delegation' || sub === undefined ? {} : { subject: sub };
  return { kind: 'token', clientId, jti, expiresAt, issuedAt, ...subject };
}
