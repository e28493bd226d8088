import express, { type Router } from 'express';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { featuresOf } from './router-features.js';

/** What a resource server publishes of itself (RFC 9728 section 2). */
export interface ProtectedResource {
  /** Its identifier, a URL: the audience of its tokens. */
  readonly resource: string;
  /** Scopes that its routes ask for. Default: none are named. */
  readonly scopes?: readonly string[];
}

export interface DiscoveryOptions {
  /** The router whose endpoints are described, with what is switched on in it. */
  readonly tokenRouter: Router;
  /** Public URL at which it is mounted, such as `https://auth.example.com/oauth`. */
  readonly url: string;
  /** The API that takes its tokens, where that is served here too. Default: none. */
  readonly protectedResource?: ProtectedResource;
}

const KNOWN: KnownOptions<DiscoveryOptions> = { tokenRouter: true, url: true, protectedResource: true };

/** How clients authenticate, in the names of RFC 8414 section 2; `X-API-Key` has none. */
const AUTHENTICATION_METHODS = ['client_secret_basic', 'client_secret_post'];

/**
 * Express router for the root of an application: the metadata of the authorization server (RFC 8414), and of the
 * protected resource (RFC 9728), at the well-known paths that follow from their identifiers.
 * @throws TypeError for a router that is not one of `tokenRouter()`, or for what is no URL.
 */
export function discoveryRouter(options: DiscoveryOptions): Router {
  assertOptions(options, KNOWN, 'discoveryRouter');
  const { tokenRouter, url, protectedResource } = options;
  const { issuer, grantTypes, canRevoke, publishesKeys } = featuresOf(tokenRouter);
  const base = assertUrl(url, 'url').href.replace(/\/$/, '');
  const endpoint = (path: string): string => `${base}${path}`;
  const describe = (types: readonly string[]) => ({
    issuer,
    token_endpoint: endpoint('/token'),
    ...(publishesKeys ? { jwks_uri: endpoint('/jwks') } : {}),
    token_endpoint_auth_methods_supported: AUTHENTICATION_METHODS,
    grant_types_supported: types,
    response_types_supported: [],
    introspection_endpoint: endpoint('/introspect'),
    introspection_endpoint_auth_methods_supported: AUTHENTICATION_METHODS,
    ...(canRevoke
      ? {
          revocation_endpoint: endpoint('/revoke'),
          revocation_endpoint_auth_methods_supported: AUTHENTICATION_METHODS,
        }
      : {}),
    ...(types.includes('refresh_token') ? { scopes_supported: ['offline_access'] } : {}),
  });

  const router = express.Router();
  const publish = (path: string, document: () => object): void => {
    router.get(path, (_req, res) => void res.json(document()));
  };
  publish(wellKnownPath(issuer, 'oauth-authorization-server'), () => describe(grantTypes()));
  if (protectedResource !== undefined) {
    const { resource, scopes } = protectedResource;
    const document = {
      resource,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      ...(scopes === undefined ? {} : { scopes_supported: scopes }),
    };
    publish(wellKnownPath(resource, 'oauth-protected-resource'), () => document);
  }
  return router;
}

/**
 * Where the metadata of a protected resource is published, for the option `resourceMetadata` (RFC 9728 section 3).
 * @throws TypeError for what is no URL.
 */
export function protectedResourceUrl(resource: string): string {
  return new URL(wellKnownPath(resource, 'oauth-protected-resource'), assertUrl(resource, 'resource')).href;
}

/** RFC 8414 section 3 and RFC 9728 section 3: between the host of an identifier and its path. */
function wellKnownPath(identifier: string, name: string): string {
  const { pathname } = assertUrl(identifier, name);
  return `/.well-known/${name}${pathname === '/' ? '' : pathname}`;
}

function assertUrl(value: string, name: string): URL {
  if (!URL.canParse(value)) throw new TypeError(`${name} must be a URL`);
  return new URL(value);
}
