import express, { type ErrorRequestHandler, type RequestHandler, type Router } from 'express';
import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';
import { type AuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, type NumericDate, systemClock } from '../base/clock.js';
import { InvalidRequestError, PassportJweError } from '../base/errors.js';
import { assertMethod, assertOptions, type KnownOptions } from '../base/options.js';
import { isAsymmetricKey } from '../keys/content-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import { resolveVerification, type SignatureOptions } from '../keys/resolve-verification.js';
import type { Revocations } from '../revocation/revocations.js';
import { createRefreshFamilies } from '../sessions/refresh-families.js';
import { type RefreshSettings, resolveRefreshSettings } from '../sessions/refresh-settings.js';
import { refreshTokenCodec } from '../sessions/refresh-token-codec.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';
import { resolveTokenLifetime } from '../token/claims/claims-policy.js';
import { answerTokenError } from './answer-token-error.js';
import { exchangeToken } from './exchange-token.js';
import { enforceRule, routerRule, trackAudiences } from './follow-api-keys.js';
import { clientCredentials } from './grants/client-credentials.js';
import type { Grant } from './grants/grant.js';
import type { ClaimsHook } from './grants/issue-access-token.js';
import { refreshToken } from './grants/refresh-token-grant.js';
import { TOKEN_EXCHANGE, tokenExchange } from './grants/token-exchange.js';
import { introspectToken } from './introspect-token.js';
import type { Sessions } from './open-refresh-token.js';
import { publishKeys } from './publish-keys.js';
import { revokeToken } from './revoke-token.js';
import { rememberFeatures } from './router-features.js';
import type { VerifyToken } from './router-verifiers.js';
import { createRouterVerifiers } from './router-verifiers.js';
import { type ThrottleOptions, throttleFailures } from './throttle-failures.js';
import { createTokenIssuer } from './token-issuer.js';

export interface TokenRouterOptions extends SignatureOptions {
  readonly keyRing: KeyRing;
  /** `iss` of every token. Never taken from the `Host` header. RFC 9068 section 2.2. */
  readonly issuer: string;
  /** Audience of the tokens of API keys that list none. */
  readonly audience: string;
  /** The clients: `await watchApiKeys({ directory })`, or `loadApiKeys` where they stay as they are. */
  readonly apiKeys: ApiKeyRegistry;
  /** Adds claims of the application's own to access tokens. Default: none. */
  readonly claims?: ClaimsHook;
  /** What is revoked, which adds `POST /oauth/revoke`. Default: nothing can be. */
  readonly revocations?: Revocations;
  /**
   * Stores of a driver, of which `families` is used: with it, `offline_access` in `scope` asks for a refresh token and
   * `grant_type=refresh_token` takes one. The key ring then needs a root. Default: there are none.
   */
  readonly stores?: Pick<Stores, 'families'>;
  /** How long refresh tokens live. */
  readonly refresh?: RefreshSettings;
  /** Maximum lifetime of an access token in seconds, the same as that of its readers. Default 86 400, a day. */
  readonly maxTokenLifetimeSeconds?: number;
  /**
   * NumericDate from which on every access token of this issuer carries a proof of issuance: when the release that writes
   * them was deployed. Until one lifetime later a client may still revoke its own tokens without a proof, which are never
   * exchanged and never active. Default: all of them carry one.
   */
  readonly provenanceSince?: NumericDate;
  /** Failed authentications that one address may have before it is rejected (429). Default: 30 a minute. */
  readonly throttle?: ThrottleOptions;
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
  revocations: true,
  stores: true,
  refresh: true,
  maxTokenLifetimeSeconds: true,
  provenanceSince: true,
  throttle: true,
  signing: true,
  verification: true,
  audit: true,
  clock: true,
};

const BODY_LIMIT = '16kb';
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/**
 * Express router of the authorization server, to be mounted as `app.use('/oauth', tokenRouter(options))`:
 * `POST /oauth/token` exchanges API keys for access tokens (RFC 6749 section 3.2), `POST /oauth/introspect` tells
 * whether one is live (RFC 7662), and where `revocations` are given `POST /oauth/revoke` lets clients revoke their
 * own (RFC 7009). Where there are public keys, `GET /oauth/jwks` publishes them.
 * @throws TypeError for an option that is missing or makes no sense.
 */
export function tokenRouter(options: TokenRouterOptions): Router {
  assertOptions(options, KNOWN, 'tokenRouter');
  const { keyRing, issuer, apiKeys, audience, claims, revocations } = options;
  const { audit = noAuditTrail, clock = systemClock } = options;
  assertMethod(apiKeys, 'authenticate', 'apiKeys must be an ApiKeyRegistry: await watchApiKeys(...)');
  if (typeof audience !== 'string') throw new TypeError('audience must be one string');
  const maxTokenLifetimeSeconds = resolveTokenLifetime(options.maxTokenLifetimeSeconds);
  const service = { keyRing, issuer, audit, clock, maxTokenLifetimeSeconds, ...pickSignatures(options) };
  const audiences = trackAudiences(apiKeys, audience);
  const tokens = createTokenIssuer(service);
  enforceRule(apiKeys, routerRule({ audience, keyRing, maxTokenLifetimeSeconds }));
  assertCanIssue(options, audiences());

  const router = express.Router();
  const answerError = answerTokenError(audit);
  const throttle = throttleFailures(options.throttle ?? {}, { audit, clock });
  const clients = { apiKeys, throttle, clock };
  const addEndpoint = (path: string, handler: RequestHandler): void => {
    router
      .route(path)
      .post(throttle.turnAway, refuseOtherMediaTypes, readBody, refuseUnreadableBodies, handler, answerError)
      .all(refuseOtherMethods, answerError);
  };
  if (revocations !== undefined) {
    assertMethod(revocations, 'revoke', 'revocations must be Revocations: createRevocations({ stores })');
  }
  const sessions = resolveSessions(options, audit, clock);
  const { verifyLive, verifyRevocable } = createRouterVerifiers({
    ...{
      issuer: service,
      audiences,
      provenanceSince: options.provenanceSince,
      maxTokenLifetimeSeconds,
      clock,
    },
    live: { apiKeys, ...(revocations === undefined ? {} : { revocations }) },
  });
  const grants = createGrants({ claimsHook: claims, sessions, verify: verifyLive });
  addEndpoint('/token', exchangeToken({ ...clients, tokens, grants, defaultAudience: audience }));
  if (revocations !== undefined) {
    addEndpoint('/revoke', revokeToken({ ...clients, verify: verifyRevocable, revocations, sessions }));
  }
  addEndpoint('/introspect', introspectToken({ ...clients, verify: verifyLive, sessions }));
  const publishers = [keyRing, ...resolveVerification(options, [issuer]).values()];
  const publishesKeys = publishers.some((publisher) => publisher.exportPublicKeys().keys.length > 0);
  if (publishesKeys) addKeySet(router, publishKeys(publishers), answerError);
  const grantTypes = (): readonly string[] => {
    const isDelegating = apiKeys.apiKeys.some(({ delegation }) => delegation !== undefined);
    return grants.map((grant) => grant.grantType).filter((type) => type !== TOKEN_EXCHANGE || isDelegating);
  };
  rememberFeatures(router, { issuer, grantTypes, canRevoke: revocations !== undefined, publishesKeys });
  return router;
}

function addKeySet(router: Router, answerKeys: RequestHandler, answerError: ErrorRequestHandler): void {
  router.route('/jwks').get(answerKeys).all(refuseMethodsBut('GET, HEAD'), answerError);
}

function pickSignatures({ signing, verification }: TokenRouterOptions): SignatureOptions {
  return { ...(signing && { signing }), ...(verification && { verification }) };
}

/** @throws TypeError for an audience whose tokens cannot be encrypted, or would not show who wrote them. */
function assertCanIssue({ keyRing, signing }: TokenRouterOptions, audiences: readonly string[]): void {
  const internals = internalsOf(keyRing);
  const keys = audiences.map((audience) => internals.encryptionKey('access', audience));
  if (signing === undefined && keys.some(isAsymmetricKey)) {
    throw new TypeError('Tokens are encrypted to a public key only if signed: give the option signing');
  }
}

interface GrantParts {
  readonly claimsHook: ClaimsHook | undefined;
  readonly sessions: Sessions | undefined;
  readonly verify: VerifyToken;
}

function createGrants({ claimsHook, sessions, verify }: GrantParts): readonly Grant[] {
  const parts = claimsHook === undefined ? {} : { claimsHook };
  const exchange = tokenExchange({ ...parts, verify });
  if (sessions === undefined) return [clientCredentials(parts), exchange];
  return [clientCredentials({ ...parts, ...sessions }), refreshToken({ ...parts, ...sessions }), exchange];
}

function resolveSessions(
  { keyRing, issuer, stores, revocations, refresh = {} }: TokenRouterOptions,
  audit: AuditTrail,
  clock: Clock,
): Sessions | undefined {
  if (stores === undefined) return undefined;
  const store = requireStore(stores, 'families', 'tokenRouter');
  const keys = internalsOf(keyRing);
  keys.encryptionKey('refresh', issuer);
  const codec = refreshTokenCodec(keys, issuer);
  const settings = resolveRefreshSettings(refresh);
  if (settings.idleSeconds > keyRing.maxTokenLifetimeSeconds) {
    throw new TypeError('refresh.idleSeconds exceeds maxTokenLifetimeSeconds of the key ring');
  }
  if (revocations !== undefined && settings.absoluteSeconds > revocations.maxTokenLifetimeSeconds) {
    throw new TypeError('Revocations are forgotten before refresh tokens end: raise maxTokenLifetimeSeconds');
  }
  const parts = { store, codec, revocations, settings, audit, clock };
  return { codec, families: createRefreshFamilies(parts) };
}

const readBody = express.text({ type: [FORM, JSON_TYPE], limit: BODY_LIMIT, inflate: false });

/** What the reader of the body reports: too large, cut off, compressed, in an unknown charset. */
const refuseUnreadableBodies: ErrorRequestHandler = (failure, _req, _res, next) => {
  if (failure instanceof PassportJweError) return next(failure);
  const status = failure?.status === 413 || failure?.status === 415 ? failure.status : 400;
  return next(new InvalidRequestError('The body cannot be read', { status, cause: failure }));
};

/** A request without any body goes on: it lacks parameters, and is told which. */
const refuseOtherMediaTypes: RequestHandler = (req, _res, next) => {
  if (req.is([FORM, JSON_TYPE]) !== false || Number(req.headers['content-length']) === 0) return next();
  return next(new InvalidRequestError('The body must be form-encoded or JSON', { status: 415 }));
};

const refuseMethodsBut =
  (allowed: string): RequestHandler =>
  (_req, _res, next) => {
    const headers = { Allow: allowed };
    next(new InvalidRequestError(`This endpoint takes ${allowed}`, { status: 405, headers }));
  };

const refuseOtherMethods = refuseMethodsBut('POST');
