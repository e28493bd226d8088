import type { Request, RequestHandler } from 'express';
import type { SurplusScopes } from '../../api-keys/api-key.js';
import type { NumericDate } from '../../base/clock.js';
import { InvalidRequestError } from '../../base/errors.js';
import { InvalidTargetError, UnsupportedGrantTypeError } from '../../base/token-endpoint-errors.js';
import { asyncHandler } from '../../http/async-handler.js';
import { readAuditOrigin } from '../../http/audit-origin-reader.js';
import { NO_STORE } from '../../http/no-store.js';
import { readFields } from '../../http/read-fields.js';
import { type Parameters, readParameter } from '../../http/read-parameter.js';
import { createRequestSlot } from '../../http/request-slot.js';
import { authenticateOrIdentifyClient, type ClientParts } from '../authenticate-client.js';
import { findTarget } from '../grants/find-target.js';
import type { Grant, GrantParameters, RequestOrigin } from '../grants/grant.js';
import { clientSlot } from '../request-client.js';
import type { ClientTokenIssuer } from '../token-issuer.js';
import { bindCertificate } from './bind-certificate.js';
import type { Endpoint } from './endpoint.js';
import {
  confirmProof,
  readProof,
  requireProofOfKey,
  type SenderParts,
  senderOfRequest,
} from './prove-sender.js';
import { parametersOf, receiveParameters } from './receive-parameters.js';

export interface TokenEndpointParts extends ClientParts, SenderParts {
  readonly tokens: ClientTokenIssuer;
  readonly grants: readonly Grant[];
  /** Audience of tokens for API keys that list no audience. */
  readonly audience: string;
  /** Treatment of surplus scope tokens for API keys that do not set it. */
  readonly surplusScopes: SurplusScopes;
}

/** Create `POST /token`, which issues tokens by the requested grant type (RFC 6749 §3.2). */
export function tokenEndpoint(parts: TokenEndpointParts): Endpoint {
  return [
    parts.throttle.rejectThrottled,
    ...receiveParameters,
    noteArrival(parts),
    readProof(parts),
    authenticateOrIdentifyClient(parts, isRefresh),
    requireProofOfKey,
    bindCertificate(parts.certificates),
    findGrant(parts),
    readGrantParameters,
    confirmProof(parts),
    answerWithTokens(parts),
  ];
}

/** Public clients can only refresh tokens. */
const isRefresh = (sent: Parameters): boolean => readParameter(sent, 'grant_type') === 'refresh_token';

const arrivalSlot = createRequestSlot<NumericDate>();
const grantSlot = createRequestSlot<Grant>();
const grantParametersSlot = createRequestSlot<GrantParameters>();

/**
 * Create a middleware that stores the arrival time of a request. It runs before any store is read: a revocation during
 * the request then covers the issued tokens.
 */
function noteArrival({ clock }: TokenEndpointParts): RequestHandler {
  return function noteArrival(req, _res, next) {
    arrivalSlot.fill(req, clock());
    next();
  };
}

function findGrant(parts: TokenEndpointParts): RequestHandler {
  const grants = new Map(parts.grants.map((grant) => [grant.grantType, grant]));

  return function findGrant(req, _res, next) {
    const grantType = readParameter(parametersOf(req), 'grant_type');
    if (grantType === undefined) throw new InvalidRequestError('The parameter grant_type is missing');
    const grant = grants.get(grantType);
    if (grant === undefined) throw new UnsupportedGrantTypeError();
    grantSlot.fill(req, grant);
    next();
  };
}

/** Read the parameters of the grant and ignore all others (RFC 6749 §3.2). */
const readGrantParameters: RequestHandler = (req, _res, next) => {
  const sent = parametersOf(req);
  const parameters = new Map<string, string>();
  for (const name of grantSlot.get(req).parameters) {
    const value = TARGETS.has(name) ? readTarget(sent, name) : readParameter(sent, name);
    if (value !== undefined) parameters.set(name, value);
  }
  grantParametersSlot.fill(req, parameters);
  next();
};

const TARGETS = new Set(['audience', 'resource']);

/** Read a target. RFC 8707 §2 allows several, but each token has one audience, so all values must be equal. */
function readTarget(sent: Parameters, name: string): string | undefined {
  const [first, ...others] = sent.get(name) ?? [];
  const isEqual = (value: unknown) =>
    typeof first === 'string' && typeof value === 'string' && findTarget(value, [first]) !== undefined;
  if (!others.every(isEqual))
    throw new InvalidTargetError('A token has one audience: send one audience or resource');
  return readParameter(new Map([[name, [first]]]), name);
}

/**
 * Assert that a client with a directory does not send `user` without a value. RFC 6749 §3.2 has it omitted, but the client would
 * receive a token with all permissions of the API key in place of those of a user.
 *
 * @throws InvalidRequestError if `user` is empty
 */
function assertUser(req: Request): void {
  const isEmpty = parametersOf(req).has('user') && !grantParametersSlot.get(req).has('user');
  const isRead = grantSlot.get(req).parameters.includes('user');
  if (isRead && isEmpty && typeof clientSlot.get(req).apiKey.users === 'object')
    throw new InvalidRequestError('user must not be empty: omit it to request a token of the API key itself');
}

function answerWithTokens({
  tokens,
  apiKeys,
  audience,
  surplusScopes,
  clock,
}: TokenEndpointParts): RequestHandler {
  return asyncHandler(async function answerWithTokens(req, res) {
    assertUser(req);
    const response = await grantSlot.get(req).handle({
      ...clientSlot.get(req),
      tokens,
      apiKeys,
      surplusScopes,
      defaultAudience: audience,
      parameters: grantParametersSlot.get(req),
      sender: senderOfRequest(req),
      origin: readOrigin(req),
      requestedAt: arrivalSlot.get(req),
      clock,
    });
    res.set(NO_STORE).json(response);
  });
}

function readOrigin(req: Request): RequestOrigin {
  const [userAgent] = readFields(req, 'user-agent');
  return {
    ...readAuditOrigin(req),
    ...(userAgent === undefined ? {} : { userAgent }),
  };
}
