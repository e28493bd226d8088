import express, { type RequestHandler, type Router } from 'express';
import type { ApiKey } from '../api-keys/api-key.js';
import type { ApiKeyRegistry } from '../api-keys/api-key-registry.js';
import { debugConfiguration } from '../base/debug-configuration.js';
import { answerCors, type CorsOptions } from '../http/answer-cors.js';
import { rejectOtherMethods } from '../http/reject-other-methods.js';
import { type KeyPublisher, sendPublicKeys } from '../http/send-public-keys.js';
import { describeKeyRing } from '../keys/describe-key-ring.js';
import { resolveVerification } from '../keys/resolve-verification.js';
import { resolveRefreshSettings } from '../sessions/refresh-settings.js';
import { describeDpop } from '../verify/dpop/describe-dpop.js';
import { answerTokenError } from './answer-token-error.js';
import { assertCanIssue } from './assert-can-issue.js';
import { createCertificateClients } from './certificate-clients.js';
import { createClientAssertions } from './client-assertions.js';
import type { Endpoint } from './endpoints/endpoint.js';
import { introspectionEndpoint } from './endpoints/introspection-endpoint.js';
import { revocationEndpoint } from './endpoints/revocation-endpoint.js';
import { tokenEndpoint } from './endpoints/token-endpoint.js';
import { createGrants } from './grants/create-grants.js';
import type { Grant } from './grants/grant.js';
import { JWT_BEARER } from './grants/jwt-bearer-grant.js';
import { TOKEN_EXCHANGE } from './grants/token-exchange-grant.js';
import { createIdTokenUsers } from './id-tokens/id-token-users.js';
import type { ClientTokenRequest } from './issue-request.js';
import { createRefreshTokens } from './refresh-tokens.js';
import { requireServableKeys } from './require-servable-keys.js';
import { createRouterDpop } from './router-dpop.js';
import { createRouterVerifiers } from './router-verifiers.js';
import { DEFAULT_FAILURES_PER_MINUTE, throttleFailures } from './throttle-failures.js';
import { type ClientTokenIssuer, createTokenIssuer } from './token-issuer.js';
import { attachDescription } from './token-router-description.js';
import {
  resolveTokenRouterOptions,
  type TokenRouterOptions,
  type TokenRouterSettings,
} from './token-router-options.js';
import { listAudiences } from './track-audiences.js';
import { createVerifiedUsers } from './users/verified-users.js';
import { createWorkloadClients } from './workloads/workload-clients.js';

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
 * app.use('/oauth', tokenRouter({ keyRing, issuer, audience, apiKeys: await watchApiKeys({ directory: 'api-keys' }) }));
 */
export function tokenRouter(options: TokenRouterOptions): Router {
  const settings = resolveTokenRouterOptions(options);
  requireServableKeys(settings);
  const { issuer, apiKeys, audit, revocations, stores, cors, onRejected } = settings;
  const parts = createParts(settings);
  const publishers = findPublishers(settings);

  const router = express.Router();
  const answerError = answerTokenError({ audit, onRejected });
  const mount = (
    method: keyof typeof ALLOWED,
    path: string,
    endpoint: Endpoint,
    cors?: CorsOptions,
  ): void => {
    const route = router.route(path).all(answerCors(cors, ALLOWED[method], 'tokenRouter'));
    route[method](...endpoint, answerError).all(rejectOtherMethods(ALLOWED[method]), answerError);
  };

  mount('post', '/token', tokenEndpoint(parts), cors);
  mount('post', '/introspect', introspectionEndpoint(parts));
  if (revocations !== undefined)
    mount('post', '/revoke', revocationEndpoint({ ...parts, revocations }), cors);
  if (publishers.length > 0) mount('get', '/jwks', [publishKeys(publishers)], cors);

  debugConfiguration('tokenRouter', () => describeRouter(settings, parts.grants));
  attachDescription(router, {
    issuer,
    grantTypes: () => findUsableGrantTypes(parts.grants, apiKeys),
    hasPublicClients: () => stores?.families !== undefined && apiKeys.apiKeys.some(isForPublicClients),
    acceptsAssertions: () => apiKeys.apiKeys.some(({ assertions }) => assertions !== undefined),
    dpopAlgorithms: parts.dpop?.algorithms,
    bindsToCertificates: parts.certificates !== undefined,
    certificateMethods: () => listCertificateMethods(apiKeys),
    canRevoke: revocations !== undefined,
    publishesKeys: publishers.length > 0,
  });
  return router;
}

function isForPublicClients({ refreshTokens }: ApiKey): boolean {
  return refreshTokens === 'public';
}

function listCertificateMethods({ apiKeys }: ApiKeyRegistry): readonly string[] {
  return [...new Set(apiKeys.flatMap(({ certificates }) => certificates?.method ?? []))];
}

/** Create `GET /jwks`, which publishes the current public keys (RFC 8414 §2, `jwks_uri`). */
function publishKeys(publishers: readonly KeyPublisher[]): RequestHandler {
  return (_req, res) => sendPublicKeys(res, publishers);
}

/** Describe the effective options for debug lines, without secrets. */
function describeRouter(settings: TokenRouterSettings, grants: readonly Grant[]): object {
  const { issuer, audience, keyRing, apiKeys, revocations, stores, signing, audit } = settings;
  const { maxTokenLifetimeSeconds, provenanceSince, refresh, workloadIssuers, surplusScopes } = settings;
  const { throttle, cors } = settings;
  return {
    issuer,
    audience,
    audiencesOfApiKeys: new Set(listAudiences(apiKeys)),
    ...describeKeyRing(keyRing),
    apiKeys: apiKeys.apiKeys.length,
    grants: findUsableGrantTypes(grants, apiKeys),
    revocations: revocations === undefined ? 'not checked' : 'checked',
    maxTokenLifetimeSeconds,
    provenanceSince,
    refresh: stores?.families === undefined ? false : resolveRefreshSettings(refresh, 'tokenRouter'),
    workloadIssuers: new Set(workloadIssuers.keys()),
    directories: new Set(settings.directories.keys()),
    identityProviders: new Set(settings.identityProviders.keys()),
    directoryStaleSeconds: settings.directoryStaleSeconds ?? 0,
    surplusScopes,
    dpop: describeDpop(settings.dpop, 'in stores'),
    mutualTls: settings.certificateSource?.kind ?? false,
    throttle: { failuresPerMinute: throttle.failuresPerMinute ?? DEFAULT_FAILURES_PER_MINUTE },
    signing: signing?.kid,
    cors: cors?.origins,
    audit: audit.enabled,
  };
}

/** Create the dependencies that the endpoints share. */
function createParts(settings: TokenRouterSettings) {
  const { apiKeys, audience, issuer, claims, stores: { families, counters } = {} } = settings;
  const { surplusScopes, audit, clock, directories, directoryStaleSeconds = 0, revocations } = settings;
  assertCanIssue(settings, [audience, ...listAudiences(apiKeys)], 'tokenRouter');
  const refreshTokens = families && createRefreshTokens({ ...settings, stores: { families } }, 'tokenRouter');
  const { followAudiences, ...verifiers } = createRouterVerifiers(settings);
  const { workloadIssuers: issuers } = settings;
  const acceptsWorkloads = issuers.size > 0;
  const { identityProviders } = settings;
  const users = createVerifiedUsers({
    ...{
      directories,
      identityProviders,
      staleSeconds: directoryStaleSeconds,
      families,
      revocations,
      audit,
      clock,
    },
  });
  const idTokens = createIdTokenUsers({ identityProviders, users, counters, audit, clock });
  return {
    dpop: createRouterDpop(settings),
    ...{ apiKeys, audience, surplusScopes, clock, refreshTokens, ...verifiers },
    tokens: createTrackedIssuer(settings, followAudiences),
    grants: createGrants({ claims, refreshTokens, acceptsWorkloads, users, idTokens, ...verifiers }),
    certificates: createCertificateClients(settings),
    assertions: createClientAssertions({ apiKeys, issuer, counters, audit, clock }),
    workloadClients: acceptsWorkloads
      ? createWorkloadClients({ apiKeys, issuers, audience: issuer, counters, clock })
      : undefined,
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

/** Return the key ring and the verification keys, or an empty array if none of them has public keys. */
function findPublishers(settings: TokenRouterSettings): readonly KeyPublisher[] {
  const { keyRing, issuer } = settings;
  const publishers = [keyRing, ...resolveVerification(settings, [issuer], 'tokenRouter').values()];
  return publishers.some((publisher) => publisher.exportPublicKeys().keys.length > 0) ? publishers : [];
}

/** Return the grant types for the metadata. Includes token exchange and JWT bearer only if an API key allows them. */
function findUsableGrantTypes(grants: readonly Grant[], { apiKeys }: ApiKeyRegistry): readonly string[] {
  const isUsable: Readonly<Record<string, boolean>> = {
    [TOKEN_EXCHANGE]: apiKeys.some(
      ({ delegation, idTokens }) => delegation !== undefined || idTokens.length > 0,
    ),
    [JWT_BEARER]: apiKeys.some(({ workloads }) => workloads.length > 0),
  };
  return grants.map((grant) => grant.grantType).filter((type) => isUsable[type] ?? true);
}
