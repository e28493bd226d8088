import express, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express';
import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';
import { type AuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, systemClock } from '../clock.js';
import { InvalidRequestError, JweError } from '../errors.js';
import { type ClaimsHook, clientCredentials } from '../grants/client-credentials.js';
import type { KeyRing } from '../keys/key-ring.js';
import { assertMethod, assertOptions, type KnownOptions } from '../options.js';
import { createTokenService } from '../token-service.js';
import { answerTokenError } from './answer-token-error.js';
import { exchangeToken } from './exchange-token.js';

export interface TokenRouterOptions {
  readonly keyRing: KeyRing;
  /** `iss` of every token. Never taken from the `Host` header. RFC 9068 section 2.2. */
  readonly issuer: string;
  /** Audience of the tokens of API keys that list none. */
  readonly audience: string;
  /** The clients: `await loadApiKeys({ directory })`. */
  readonly apiKeys: ApiKeyRegistry;
  /** Adds claims of the application's own to access tokens. Default: none. */
  readonly claims?: ClaimsHook;
  /** Where issuance and its refusals are put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<TokenRouterOptions> = {
  keyRing: true,
  issuer: true,
  audience: true,
  apiKeys: true,
  claims: true,
  audit: true,
  clock: true,
};

const BODY_LIMIT = '16kb';
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/**
 * Express router of the token endpoint (RFC 6749 section 3.2), to be mounted as
 * `app.use('/oauth', tokenRouter(options))`: `POST /oauth/token` exchanges API keys for access tokens.
 * @throws TypeError for an option that is missing or makes no sense.
 */
export function tokenRouter(options: TokenRouterOptions): Router {
  assertOptions(options, KNOWN, 'tokenRouter');
  const { apiKeys, audience, audit = noAuditTrail, clock = systemClock } = options;
  assertMethod(apiKeys, 'authenticate', 'apiKeys must be an ApiKeyRegistry: await loadApiKeys(...)');
  if (typeof audience !== 'string') throw new TypeError('audience must be one string');
  const tokens = createTokenService({ ...options, audience });
  options.keyRing.encryptionKey('access', audience);
  const exchange = exchangeToken({
    tokens,
    apiKeys,
    grants: [clientCredentials(options.claims)],
    defaultAudience: audience,
    clock,
  });
  const answerError = answerTokenError(audit);

  const router = express.Router();
  router
    .route('/token')
    .post(refuseOtherMediaTypes, readBody, refuseUnreadableBodies, exchange, answerError)
    .all(refuseOtherMethods, answerError);
  return router;
}

const readBody = express.text({ type: [FORM, JSON_TYPE], limit: BODY_LIMIT, inflate: false });

/** What the reader of the body reports: too large, cut off, compressed, in an unknown charset. */
const refuseUnreadableBodies: ErrorRequestHandler = (failure, _req, _res, next) => {
  if (failure instanceof JweError) return next(failure);
  const status = failure?.status === 413 || failure?.status === 415 ? failure.status : 400;
  return next(new InvalidRequestError('The body cannot be read', { status, cause: failure }));
};

/** A request without any body goes on: it lacks parameters, and is told which. */
const refuseOtherMediaTypes: RequestHandler = (req, _res, next) => {
  if (req.is([FORM, JSON_TYPE]) !== false || Number(req.headers['content-length']) === 0) return next();
  return next(new InvalidRequestError('The body must be form-encoded or JSON', { status: 415 }));
};

const refuseOtherMethods: RequestHandler = (_req, _res, next) => {
  next(new InvalidRequestError('The token endpoint takes POST', { status: 405, headers: { Allow: 'POST' } }));
};
