import type { Request, RequestHandler } from 'express';
import { InvalidRequestError, UnsupportedGrantTypeError } from '../base/errors.js';
import { NO_STORE } from '../http/no-store.js';
import {
  readParameter,
  readParameters,
  readTokenRequest,
  type TokenRequest,
} from '../http/read-token-request.js';
import { readIp } from '../http/request-ip.js';
import { authenticateClient, type ClientAuthenticator, findPublicClient } from './authenticate-client.js';
import type { Grant, RequestOrigin, TokenResponse } from './grants/grant.js';
import type { TokenIssuer } from './token-issuer.js';

export interface ExchangeParts extends ClientAuthenticator {
  readonly tokens: TokenIssuer;
  readonly grants: readonly Grant[];
  readonly defaultAudience: string;
}

/** The token endpoint behind its parsers: authenticates the client and lets the grant answer. */
export function exchangeToken(parts: ExchangeParts): RequestHandler {
  const { tokens, apiKeys, defaultAudience, clock } = parts;
  const grants = new Map(parts.grants.map((grant) => [grant.grantType, grant]));

  const exchange = async (req: Request): Promise<TokenResponse> => {
    const requestedAt = clock();
    const request = readTokenRequest(req);
    const publicClient = await findPublicClient(req, request, parts);
    const isPublic = publicClient !== undefined;
    const apiKey = publicClient ?? (await authenticateClient(req, request, parts));
    const grant = chooseGrant(request, grants);
    const parameters = readParameters(request, grant.parameters);
    const origin = readOrigin(req);
    const client = { apiKey, isPublic, apiKeys };
    return grant.handle({ tokens, ...client, parameters, defaultAudience, origin, requestedAt, clock });
  };

  return function answerTokenRequest(req, res, next) {
    exchange(req)
      .then((response) => void res.set(NO_STORE).json(response))
      .catch(next);
  };
}

function chooseGrant(request: TokenRequest, grants: ReadonlyMap<string, Grant>): Grant {
  const grantType = readParameter(request, 'grant_type');
  if (grantType === undefined) throw new InvalidRequestError('The parameter grant_type is missing');
  const grant = grants.get(grantType);
  if (grant === undefined) throw new UnsupportedGrantTypeError();
  return grant;
}

function readOrigin(req: Request): RequestOrigin {
  const userAgent = req.get('user-agent');
  return {
    ...readIp(req),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}
