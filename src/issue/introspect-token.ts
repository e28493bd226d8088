import type { Request, RequestHandler } from 'express';
import type { ApiKey } from '../api-keys/api-key.js';
import { InvalidRequestError, InvalidTokenError } from '../base/errors.js';
import type { JsonObject } from '../base/json.js';
import { NO_STORE } from '../http/no-store.js';
import { readParameter, readTokenRequest } from '../http/read-token-request.js';
import type { StoredFamily } from '../stores/family-store.js';
import type { ClaimsSet } from '../token/claims/claims-set.js';
import { authenticateClient, type ClientAuthenticator } from './authenticate-client.js';
import { openRefreshToken, type RefreshParts } from './open-refresh-token.js';
import type { VerifyToken } from './router-verifiers.js';

export interface IntrospectionParts extends ClientAuthenticator {
  /** Accepts live tokens of every audience that the API keys have, which prove that they were issued here. */
  readonly verify: VerifyToken;
  /** Default: there are no refresh tokens. */
  readonly sessions: RefreshParts | undefined;
}

/** Whatever is no live token that this client may know of is answered alike (RFC 7662 section 2.2). */
const INACTIVE: JsonObject = Object.freeze({ active: false });

/** What is told of a live token; everything else in it is for its own audience. */
const DISCLOSED = [
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'client_id',
  'scope',
  'type',
  'act',
] as const;

/**
 * The introspection endpoint behind its parsers (RFC 7662 section 2): for the API key that a token was issued to, and
 * for those whose configuration lists its audience under `introspects`. Of a refresh token only the former is told.
 */
export function introspectToken(parts: IntrospectionParts): RequestHandler {
  const { verify, sessions, clock } = parts;
  const introspect = async (req: Request): Promise<JsonObject> => {
    const request = readTokenRequest(req);
    const apiKey = await authenticateClient(req, request, parts);
    const token = readParameter(request, 'token');
    if (token === undefined) throw new InvalidRequestError('The parameter token is missing');
    const presented = await openRefreshToken(sessions, token, clock());
    if (presented !== undefined) return describeFamily(await sessions?.families.inspect(presented), apiKey);
    const claims = await findLive(verify, token);
    return claims !== undefined && mayKnow(apiKey, claims) ? describe(claims) : INACTIVE;
  };

  return function answerIntrospectionRequest(req, res, next) {
    introspect(req)
      .then((response) => void res.set(NO_STORE).json(response))
      .catch(next);
  };
}

async function findLive(verify: VerifyToken, token: string): Promise<ClaimsSet | undefined> {
  try {
    return (await verify(token)).claims;
  } catch (error) {
    if (error instanceof InvalidTokenError) return undefined;
    throw error;
  }
}

function mayKnow({ keyId, introspects }: ApiKey, { client_id: clientId, aud }: ClaimsSet): boolean {
  return clientId === keyId || [aud].flat().some((audience) => introspects.includes(audience));
}

function describe(claims: ClaimsSet): JsonObject {
  const told: Record<string, JsonObject[string]> = { active: true, token_type: 'Bearer' };
  for (const name of DISCLOSED) {
    const value = claims[name];
    if (value !== undefined) told[name] = value;
  }
  return told;
}

/** Without `token_type`: it is no token that an API would accept. */
function describeFamily(family: StoredFamily | undefined, { keyId }: ApiKey): JsonObject {
  if (family?.state.clientId !== keyId) return INACTIVE;
  const { subject: sub, clientId, scope } = family.state;
  return { active: true, sub, client_id: clientId, scope, exp: Math.floor(family.expiresAt) };
}
