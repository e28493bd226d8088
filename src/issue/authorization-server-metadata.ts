import type { RequestHandler, Router } from 'express';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { serveMetadata } from '../http/serve-metadata.js';
import { wellKnownUrl } from '../http/well-known-url.js';
import { VERIFICATION_ALGORITHMS } from '../keys/verification-algorithms.js';
import { describeTokenRouter, type TokenRouterDescription } from './token-router-description.js';

/** Options of `authorizationServerMetadata()`: the token router and its public URL. */
export interface AuthorizationServerMetadataOptions {
  /** Router to describe, created by `tokenRouter(options)`. */
  readonly tokenRouter: Router;
  /** Public URL of the router, with its mount path, for example `https://auth.example.com/oauth`. */
  readonly url: string;
}

const KNOWN: KnownOptions<AuthorizationServerMetadataOptions> = { tokenRouter: true, url: true };

/** Registered names of the client authentication methods (RFC 8414 §2). `X-API-Key` has no registered name. */
const AUTHENTICATION_METHODS = ['client_secret_basic', 'client_secret_post'];

/** Endpoints that authenticate clients, as the members of the metadata name them. */
type AuthenticatedEndpoint = 'token' | 'introspection' | 'revocation';

/** Describe the client authentication of an endpoint. `private_key_jwt` requires the algorithms (RFC 8414 §2). */
function describeAuthentication(endpoint: AuthenticatedEndpoint, acceptsAssertions: boolean): object {
  const methods = `${endpoint}_endpoint_auth_methods_supported`;
  if (!acceptsAssertions) return { [methods]: AUTHENTICATION_METHODS };
  return {
    [methods]: [...AUTHENTICATION_METHODS, 'private_key_jwt'],
    [`${endpoint}_endpoint_auth_signing_alg_values_supported`]: VERIFICATION_ALGORITHMS,
  };
}

/**
 * Middleware that publishes the authorization server metadata, such as endpoints and grant types. Mount it at the root
 * of the application. It serves `/.well-known/oauth-authorization-server`, followed by the path of the issuer.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 * @see RFC 8414
 *
 * @example
 * const tokens = tokenRouter(options);
 * app.use('/oauth', tokens);
 * app.use(authorizationServerMetadata({ tokenRouter: tokens, url: 'https://auth.example.com/oauth' }));
 */
export function authorizationServerMetadata(options: AuthorizationServerMetadataOptions): RequestHandler {
  assertOptions(options, KNOWN, 'authorizationServerMetadata');
  const { tokenRouter, url } = options;
  const router = describeTokenRouter(tokenRouter);
  if (!URL.canParse(url)) {
    throw new TypeError(
      'authorizationServerMetadata: url must be an absolute URL, for example "https://auth.example.com/oauth"',
    );
  }
  const baseUrl = new URL(url).href.replace(/\/$/, '');
  const { pathname } = wellKnownUrl(
    router.issuer,
    'oauth-authorization-server',
    'authorizationServerMetadata: issuer of tokenRouter()',
  );
  return serveMetadata(pathname, (res) => res.json(describeServer(router, baseUrl)));
}

function describeServer(
  { issuer, grantTypes, acceptsAssertions, canRevoke, publishesKeys }: TokenRouterDescription,
  url: string,
) {
  const supported = grantTypes();
  const isAsserting = acceptsAssertions();
  return {
    issuer,
    token_endpoint: `${url}/token`,
    ...(publishesKeys ? { jwks_uri: `${url}/jwks` } : {}),
    ...describeAuthentication('token', isAsserting),
    grant_types_supported: supported,
    response_types_supported: [],
    introspection_endpoint: `${url}/introspect`,
    ...describeAuthentication('introspection', isAsserting),
    ...(canRevoke
      ? {
          revocation_endpoint: `${url}/revoke`,
          ...describeAuthentication('revocation', isAsserting),
        }
      : {}),
    ...(supported.includes('refresh_token') ? { scopes_supported: ['offline_access'] } : {}),
  };
}
