import type { Request } from 'express';
import { InvalidRequestError, type VerifiedToken } from 'passport-jwe';
import type { ApiKeyRegistry, ModelConfiguration, ModelEndpoint } from 'passport-jwe/api-keys';
import { ModelApiError } from './model-api-error.js';
import type { WireFormat } from './wire-format.js';

type ApiKeys = Pick<ApiKeyRegistry, 'get'>;

/** Returns the names of the configured models that a token may use, without duplicates. */
export function modelNamesOf(token: VerifiedToken, apiKeys: ApiKeys): readonly string[] {
  const allowed = allowedModels(token);
  const names = ownersOf(token).flatMap((keyId) =>
    (apiKeys.get(keyId)?.models ?? []).map(({ name }) => name),
  );
  return [...new Set(names)].filter((name) => allowed?.includes(name) ?? true);
}

/**
 * Returns the model with the requested name. If several API keys configure the name, the nearest ancestor takes precedence.
 *
 * @throws ModelApiError (404) if the token may not use the model, or if it is not configured.
 */
export function findModel(token: VerifiedToken, name: unknown, apiKeys: ApiKeys): ModelConfiguration {
  if (typeof name === 'string' && (allowedModels(token)?.includes(name) ?? true)) {
    for (const keyId of ownersOf(token)) {
      const model = apiKeys.get(keyId)?.models.find((each) => each.name === name);
      if (model !== undefined) return model;
    }
  }
  const message = 'The model does not exist, or you have no access to it';
  throw new ModelApiError({ status: 404, type: 'not_found_error', code: 'model_not_found', message });
}

/** Returns the model names in a token, or `undefined` if the token does not list models (type `function_call`). */
function allowedModels({ type, claims }: VerifiedToken): readonly string[] | undefined {
  switch (type) {
    case 'tiered_model_exec':
      return claims.allowed_models;
    case 'delegation':
      return claims.allowed_models ?? [];
    default:
      return undefined;
  }
}

/** Returns the `key_id`s whose models a token may use. A delegated token uses the models of its subject. */
function ownersOf(token: VerifiedToken): readonly string[] {
  if (token.type === 'delegation') {
    return token.claims.lineage.filter((ancestor) => ancestor.is_actor !== true).map((a) => a.client_id);
  }
  return token.claims.client_id === undefined ? [] : [token.claims.client_id];
}

/**
 * Returns the endpoints of a model for an API format, in the order in which they are tried.
 *
 * @throws InvalidRequestError if the model has no endpoint of this format.
 */
export function endpointsOf(
  { endpoints }: ModelConfiguration,
  { endpointSuffix }: Pick<WireFormat, 'endpointSuffix'>,
): readonly ModelEndpoint[] {
  const fitting = endpoints.filter(
    (each) => each.endpoint === ECHO || parsedUrlOf(each).pathname.endsWith(endpointSuffix),
  );
  if (fitting.length > 0) return fitting;
  throw new InvalidRequestError(
    'This model has a different API format: send the request to the route of that format',
  );
}

type UrlTerms = Pick<WireFormat, 'route' | 'endpointExtension' | 'forwardedQuery'>;

/**
 * Returns the URL of an endpoint for an API format. Query parameters of the endpoint override those of the request.
 *
 * @param echoOrigin origin of the embedded model.
 * @param asked query of the request.
 */
export function urlOf(
  endpoint: ModelEndpoint,
  { route, endpointExtension, forwardedQuery = [] }: UrlTerms,
  echoOrigin: string,
  asked: Request['query'] = {},
): Readonly<URL> {
  if (endpoint.endpoint === ECHO) return new URL(route, echoOrigin);
  const parsed = parsedUrlOf(endpoint);
  if (endpointExtension === undefined && forwardedQuery.length === 0 && endpoint.query.size === 0)
    return parsed;
  const url = new URL(parsed);
  if (endpointExtension !== undefined) url.pathname += endpointExtension;
  for (const name of forwardedQuery) {
    const value = asked[name];
    if (typeof value === 'string' && !url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  for (const [name, value] of endpoint.query) url.searchParams.set(name, value.reveal());
  return url;
}

/** Endpoint of the embedded model. */
const ECHO = 'echo:';

const parsedUrls = new WeakMap<ModelEndpoint, URL>();

/** Returns the URL in the configuration, which is parsed only once. Do not change the result. */
function parsedUrlOf(endpoint: ModelEndpoint): Readonly<URL> {
  const known = parsedUrls.get(endpoint);
  if (known !== undefined) return known;
  const parsed = new URL(endpoint.endpoint);
  parsedUrls.set(endpoint, parsed);
  return parsed;
}
