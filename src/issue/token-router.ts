import express, { type Router } from 'express';
import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';
import { inContext } from '../base/in-context.js';
import { rejectOtherMethods } from '../http/reject-other-methods.js';
import { isAsymmetricKey } from '../keys/content-key.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import { resolveVerification } from '../keys/resolve-verification.js';
import { answerTokenError } from './answer-token-error.js';
import type { Endpoint } from './endpoints/endpoint.js';
import { introspectionEndpoint } from './endpoints/introspection-endpoint.js';
import { jwksEndpoint, type KeyPublisher } from './endpoints/jwks-endpoint.js';
import { revocationEndpoint } from './endpoints/revocation-endpoint.js';
import { tokenEndpoint } from './endpoints/token-endpoint.js';
import { createGrants } from './grants/create-grants.js';
import type { Grant } from './grants/grant.js';
import { TOKEN_EXCHANGE } from './grants/token-exchange-grant.js';
import type { ClientTokenRequest } from './issue-request.js';
import { createRefreshTokens } from './refresh-tokens.js';
import { requireServableKeys } from './require-servable-keys.js';
import { createRouterVerifiers } from './router-verifiers.js';
import { throttleFailures } from './throttle-failures.js';
import { type ClientTokenIssuer, createTokenIssuer } from './token-issuer.js';
import { attachDescription } from './token-router-description.js';
import {
  resolveTokenRouterOptions,
  type TokenRouterOptions,
  type TokenRouterSettings,
} from './token-router-options.js';
import { listAudiences } from './track-audiences.js';

/** Values of the `Allow` header, by router method. */
const ALLOWED = { post: 'POST', get: 'GET, HEAD' } as const;

/**
 * Create the Express router of the authorization server, with these endpoints:
 *
 * - `POST /token` issues access tokens for API keys (RFC 6749 §3.2).
 * - `POST /introspect` describes active tokens (RFC 7662).
 * - `POST /revoke` revokes tokens of the client (RFC 7009). It requires the option `revocations`.
 * - `GET /jwks` publishes the public keys (RFC 8414 §2). It requires keys with a public half.
 *
 * @throws TypeError if an option is missing, unknown or malformed, or the router cannot serve an API key
 *
 * @example
 * app.use('/oauth', tokenRouter({ keyRing, issuer, audience, apiKeys: await watchApiKeys({ directory }) }));
 */
export function tokenRouter(options: TokenRouterOptions): Router {
  const settings = resolveTokenRouterOptions(options);
  requireServableKeys(settings);
  const { issuer, apiKeys, audit, revocations } = settings;
  const parts = createParts(settings);
  const publishers = findPublishers(settings);

  const router = express.Router();
  const answerError = answerTokenError(audit);
  const mount = (method: keyof typeof ALLOWED, path: string, endpoint: Endpoint): void => {
    const route = router.route(path);
    route[method](...endpoint, answerError).all(rejectOtherMethods(ALLOWED[method]), answerError);
  };

  mount('post', '/token', tokenEndpoint(parts));
  mount('post', '/introspect', introspectionEndpoint(parts));
  if (revocations !== undefined) mount('post', '/revoke', revocationEndpoint({ ...parts, revocations }));
  if (publishers.length > 0) mount('get', '/jwks', jwksEndpoint(publishers));

  attachDescription(router, {
    issuer,
    grantTypes: () => findUsableGrantTypes(parts.grants, apiKeys),
    canRevoke: revocations !== undefined,
    publishesKeys: publishers.length > 0,
  });
  return router;
}

/** Create the dependencies that the endpoints share. */
function createParts(settings: TokenRouterSettings) {
  const { apiKeys, audience, claims, audit, clock } = settings;
  assertCanIssue(settings);
  const refreshTokens = createRefreshTokens(settings);
  const { followAudiences, ...verifiers } = createRouterVerifiers(settings);
  return {
    ...{ apiKeys, audience, clock, refreshTokens, ...verifiers },
    tokens: createTrackedIssuer(settings, followAudiences),
    grants: createGrants({ claims, refreshTokens, ...verifiers }),
    throttle: throttleFailures(settings.throttle, { audit, clock }),
  };
}

/**
 * Create a token issuer that registers the current audiences of the API keys before it issues a token. The token can
 * then be revoked even after its API key no longer lists the audience.
 */
function createTrackedIssuer(settings: TokenRouterSettings, followAudiences: () => void): ClientTokenIssuer {
  const { keyRing, issuer, signing, maxTokenLifetimeSeconds, audit, clock } = settings;
  const common = { keyRing, issuer, maxTokenLifetimeSeconds, audit, clock };
  const tokens = createTokenIssuer({ ...common, ...(signing && { signing }) });
  return {
    issue(request: ClientTokenRequest) {
      followAudiences();
      return tokens.issue(request);
    },
  };
}

/**
 * Assert that the router can issue tokens for every audience.
 *
 * @throws TypeError if tokens for an audience cannot be encrypted, or would carry no proof of issuance
 */
function assertCanIssue({ keyRing, signing, audience, apiKeys }: TokenRouterSettings): void {
  const audiences = [audience, ...listAudiences(apiKeys)];
  const { encryptionKey } = internalsOf(keyRing, 'tokenRouter');
  const keys = inContext('tokenRouter: keyRing', () =>
    audiences.map((each) => encryptionKey('access', each)),
  );
  if (signing === undefined && keys.some(isAsymmetricKey)) {
    throw new TypeError(
      'tokenRouter: keyRing has public-key recipients, so tokens must also be signed: set signing',
    );
  }
}

/** Return the key ring and the verification keys, or an empty array if none of them has public keys. */
function findPublishers(settings: TokenRouterSettings): readonly KeyPublisher[] {
  const { keyRing, issuer } = settings;
  const publishers = [keyRing, ...resolveVerification(settings, [issuer], 'tokenRouter').values()];
  return publishers.some((publisher) => publisher.exportPublicKeys().keys.length > 0) ? publishers : [];
}

/** Return the grant types for the metadata. Includes token exchange only if an API key may delegate. */
function findUsableGrantTypes(grants: readonly Grant[], { apiKeys }: ApiKeyRegistry): readonly string[] {
  const isDelegating = apiKeys.some(({ delegation }) => delegation !== undefined);
  return grants.map((grant) => grant.grantType).filter((type) => type !== TOKEN_EXCHANGE || isDelegating);
}
