import type { RequestHandler } from 'express';
import type { ApiKey } from '../../api-keys/api-key.js';
import { debugRejection } from '../../base/debug-rejection.js';
import { InvalidTokenError } from '../../base/errors.js';
import type { JsonObject } from '../../base/json.js';
import { asyncHandler } from '../../http/async-handler.js';
import { NO_STORE } from '../../http/no-store.js';
import type { StoredFamily } from '../../stores/family-store.js';
import type { ClaimsSet } from '../../token/claims/claims-set.js';
import { authenticateClient, type ClientParts } from '../authenticate-client.js';
import { tokenTypeOf } from '../grants/token-type-of.js';
import { openRefreshToken, type RefreshTokenBackend } from '../refresh-tokens.js';
import { clientSlot } from '../request-client.js';
import type { VerifyToken } from '../router-verifiers.js';
import type { Endpoint } from './endpoint.js';
import { receiveParameters } from './receive-parameters.js';
import { receivedToken, receiveToken } from './receive-token.js';

export interface IntrospectionEndpointParts extends ClientParts {
  /** Accept active tokens with a proof of issuance, for every audience of the API keys. */
  readonly verifyLive: VerifyToken;
  /** Refresh token backend, or `undefined` if the router issues no refresh tokens. */
  readonly refreshTokens: RefreshTokenBackend | undefined;
}

/**
 * Create `POST /introspect` (RFC 7662 §2), which describes an active token to its client. An API key that lists an
 * audience under `introspects` can also introspect all access tokens for this audience.
 */
export function introspectionEndpoint(parts: IntrospectionEndpointParts): Endpoint {
  return [
    parts.throttle.rejectThrottled,
    ...receiveParameters,
    authenticateClient(parts),
    receiveToken,
    describeRefreshToken(parts),
    describeAccessToken(parts),
  ];
}

/** Response for inactive tokens, and for tokens that the client may not introspect (RFC 7662 §2.2). */
const INACTIVE: JsonObject = Object.freeze({ active: false });

/** Claims in the response. All other claims are disclosed only to the audience of the token. */
const DISCLOSED = [
  ...(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'] as const),
  ...(['client_id', 'scope', 'type', 'act', 'cnf'] as const),
];

/** Create a middleware that describes refresh tokens. It passes all other tokens to the next middleware. */
function describeRefreshToken({ refreshTokens, clock }: IntrospectionEndpointParts): RequestHandler {
  return asyncHandler(async function describeRefreshToken(req, res, next) {
    const presented = await openRefreshToken(refreshTokens, receivedToken(req), clock());
    if (refreshTokens === undefined || presented === undefined) return next();
    const family = await refreshTokens.families.inspect(presented);
    res.set(NO_STORE).json(describeFamily(family, clientSlot.get(req).apiKey));
  });
}

/** Describe a refresh token. Omit `token_type`, because resource servers do not accept refresh tokens. */
function describeFamily(family: StoredFamily | undefined, { keyId }: ApiKey): JsonObject {
  if (family?.state.clientId !== keyId) return INACTIVE;
  const { subject: sub, clientId, scope } = family.state;
  return { active: true, sub, client_id: clientId, scope, exp: Math.floor(family.expiresAt) };
}

function describeAccessToken({ verifyLive }: IntrospectionEndpointParts): RequestHandler {
  return asyncHandler(async function describeAccessToken(req, res) {
    const claims = await findLive(verifyLive, receivedToken(req));
    const isDisclosed = claims !== undefined && mayIntrospect(clientSlot.get(req).apiKey, claims);
    res.set(NO_STORE).json(isDisclosed ? describeClaims(claims) : INACTIVE);
  });
}

async function findLive(verify: VerifyToken, token: string): Promise<ClaimsSet | undefined> {
  try {
    return (await verify(token)).claims;
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
    debugRejection('tokenRouter POST /introspect', error);
    return undefined;
  }
}

function mayIntrospect({ keyId, introspects }: ApiKey, { client_id: clientId, aud }: ClaimsSet): boolean {
  return clientId === keyId || [aud].flat().some((audience) => introspects.includes(audience));
}

function describeClaims(claims: ClaimsSet): JsonObject {
  const told: Record<string, JsonObject[string]> = { active: true, token_type: tokenTypeOf(claims.cnf) };
  for (const name of DISCLOSED) {
    const value = claims[name];
    if (value !== undefined) told[name] = value;
  }
  return told;
}
