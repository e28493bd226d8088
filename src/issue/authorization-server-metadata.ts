import type { RequestHandler, Response, Router } from 'express';
import type { JsonObject } from '../base/json.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { parseUrl } from '../base/parse-url.js';
import type { CorsOptions } from '../http/answer-cors.js';
import { addMembers, copyMembers, type MetadataMembers } from '../http/metadata-members.js';
import { serveMetadata } from '../http/serve-metadata.js';
import { VERIFICATION_ALGORITHMS } from '../keys/verification-algorithms.js';
import { assertSignIn, delegatedMembers, isOpenIdMetadata } from './delegated-members.js';
import { metadataUrls } from './metadata-urls.js';
import { describeTokenRouter, type TokenRouterDescription } from './token-router-description.js';

/** Options of `authorizationServerMetadata()`: the token router, its public URL, and further members. */
export interface AuthorizationServerMetadataOptions {
  /** Router to describe, created by `tokenRouter(options)`. */
  readonly tokenRouter: Router;
  /** Public URL of the router, with its mount path, for example `https://auth.example.com/oauth`. */
  readonly url: string;
  /**
   * Metadata of the authorization server that signs users in. The document contains its authorization endpoint and the
   * other members about the sign-in. The endpoints of the token router stay. The application must handle the
   * authorization codes at the token endpoint.
   *
   * @default undefined (no authorization endpoint)
   */
  readonly authorizationServer?: MetadataMembers;
  /**
   * Further members, for example `{ service_documentation: 'https://example.com/docs' }`. Arrays extend those of the
   * document. Other members must not exist in the document.
   *
   * @default {} (no further members)
   */
  readonly members?: MetadataMembers;
  /**
   * Web pages that may read the metadata.
   *
   * @default undefined (no page of another origin)
   */
  readonly cors?: CorsOptions;
}

const WHERE = 'authorizationServerMetadata';

const KNOWN: KnownOptions<AuthorizationServerMetadataOptions> = {
  tokenRouter: true,
  url: true,
  authorizationServer: true,
  members: true,
  cors: true,
};

/** Registered names of the client authentication methods (RFC 8414 §2). `X-API-Key` has no registered name. */
const AUTHENTICATION_METHODS = ['client_secret_basic', 'client_secret_post'];

/** Endpoints that authenticate clients, as the members of the metadata name them. */
type AuthenticatedEndpoint = 'token' | 'introspection' | 'revocation';

/** What the clients of an endpoint may authenticate with, besides their API keys. */
interface AuthenticationTerms {
  /** Whether clients sign assertions. */
  readonly isAsserting: boolean;
  /** Methods of mutual TLS (RFC 8705 §2.1.1, §2.2.1). */
  readonly certified: readonly string[];
  /** Whether public clients send no secret. */
  readonly isPublic: boolean;
}

/** Describe the client authentication of an endpoint. `private_key_jwt` requires the algorithms (RFC 8414 §2). */
function describeAuthentication(
  endpoint: AuthenticatedEndpoint,
  { isAsserting, certified, isPublic }: AuthenticationTerms,
): JsonObject {
  const prefix = `${endpoint}_endpoint_auth`;
  const others = [...(isAsserting ? ['private_key_jwt'] : []), ...certified];
  return {
    [`${prefix}_methods_supported`]: [...AUTHENTICATION_METHODS, ...others, ...(isPublic ? ['none'] : [])],
    ...(isAsserting ? { [`${prefix}_signing_alg_values_supported`]: [...VERIFICATION_ALGORITHMS] } : {}),
  };
}

/**
 * Response types of a server without an authorization endpoint. The member is required (RFC 8414 §2), must not be empty
 * (§3.2), and `none` requests no code and no token.
 */
const NO_RESPONSE_TYPES = { response_types_supported: ['none'] };

/**
 * Middleware that publishes the authorization server metadata, such as endpoints and grant types. Mount it at the root
 * of the application. It serves `/.well-known/oauth-authorization-server`, followed by the path of the issuer. If
 * `authorizationServer` is an OpenID provider, it also serves the document as `openid-configuration`.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @see RFC 8414
 *
 * @example
 * const tokens = tokenRouter({ keyRing, issuer, audience, apiKeys });
 * app.use('/oauth', tokens);
 * app.use(authorizationServerMetadata({ tokenRouter: tokens, url: 'https://auth.example.com/oauth' }));
 */
export function authorizationServerMetadata(options: AuthorizationServerMetadataOptions): RequestHandler {
  assertOptions(options, KNOWN, 'authorizationServerMetadata');
  const { tokenRouter, url, cors } = options;
  const router = describeTokenRouter(tokenRouter);
  const base = parseUrl(url);
  if (base === undefined) {
    throw new TypeError(
      `${WHERE}: url must be an absolute URL, for example "https://auth.example.com/oauth"`,
    );
  }
  const baseUrl = base.href.replace(/\/$/, '');
  const complete = createCompletion(options);
  const describe = (): JsonObject => complete(describeServer(router, baseUrl));
  const isOpenId = isOpenIdMetadata(describe()) && options.authorizationServer !== undefined;
  const urls = metadataUrls(router.issuer, isOpenId, `${WHERE}: issuer of tokenRouter()`);
  const send = (res: Response): void => void res.json(describe());
  return serveMetadata({ documents: urls.map((each) => ({ url: each, send })), cors, where: WHERE });
}

/** Create a function that adds the members of both options to the document of the token router. */
function createCompletion(options: AuthorizationServerMetadataOptions): (own: JsonObject) => JsonObject {
  const { authorizationServer, members = {} } = options;
  const name = `${WHERE}: members`;
  const further = copyMembers(members, name, '{ service_documentation: "https://example.com/docs" }');
  if (further['authorization_endpoint'] !== undefined) assertSignIn(further, name);
  const delegated =
    authorizationServer === undefined
      ? {}
      : delegatedMembers(authorizationServer, `${WHERE}: authorizationServer`);
  const { jwks_uri: _, ...keyless } = delegated;
  const isComplete = [delegated, further].some((each) => each['response_types_supported'] !== undefined);

  return (own) => {
    const document = addMembers(own, own['jwks_uri'] === undefined ? delegated : keyless, name);
    return addMembers(isComplete ? document : { ...document, ...NO_RESPONSE_TYPES }, further, name);
  };
}

function describeServer(
  {
    issuer,
    grantTypes,
    hasPublicClients,
    acceptsAssertions,
    certificateMethods,
    bindsToCertificates,
    dpopAlgorithms,
    canRevoke,
    publishesKeys,
  }: TokenRouterDescription,
  url: string,
): JsonObject {
  const supported = grantTypes();
  const methods = {
    isAsserting: acceptsAssertions(),
    certified: certificateMethods(),
    isPublic: hasPublicClients(),
  };
  return {
    issuer,
    token_endpoint: `${url}/token`,
    ...(publishesKeys ? { jwks_uri: `${url}/jwks` } : {}),
    ...describeAuthentication('token', methods),
    grant_types_supported: supported,
    introspection_endpoint: `${url}/introspect`,
    ...describeAuthentication('introspection', { ...methods, isPublic: false }),
    ...(canRevoke
      ? {
          revocation_endpoint: `${url}/revoke`,
          ...describeAuthentication('revocation', methods),
        }
      : {}),
    ...(bindsToCertificates ? { tls_client_certificate_bound_access_tokens: true } : {}),
    ...(dpopAlgorithms === undefined ? {} : { dpop_signing_alg_values_supported: [...dpopAlgorithms] }),
    ...(supported.includes('refresh_token') ? { scopes_supported: ['offline_access'] } : {}),
  };
}
