import type { Request } from 'express';
import { InvalidRequestError, type VerifiedToken } from 'passport-jwe';
import type { ApiKeyRegistry, ModelConfiguration, ModelEndpoint } from 'passport-jwe/api-keys';
import { ModelApiError } from './model-api-error.js';
import type { WireFormat } from './wire-format.js';

/** Returns the configured models that a token may use, by model name. */
export function modelsOf(
  token: VerifiedToken,
  apiKeys: Pick<ApiKeyRegistry, 'get'>,
): ReadonlyMap<string, ModelConfiguration> {
  const models = ownersOf(token).flatMap((keyId) => apiKeys.get(keyId)?.models ?? []);
  const isAllowed = ({ name }: ModelConfiguration): boolean => allowedModels(token)?.includes(name) ?? true;
  // Reversed, because the last entry of a name prevails: the nearest ancestor takes precedence.
  return new Map(
    models
      .filter(isAllowed)
      .reverse()
      .map((model) => [model.name, model]),
  );
}

/**
 * Returns the model with the requested name.
 *
 * @throws ModelApiError (404) if the model is not configured.
 */
export function findModel(
  models: ReadonlyMap<string, ModelConfiguration>,
  name: unknown,
): ModelConfiguration {
  const model = typeof name === 'string' ? models.get(name) : undefined;
  if (model !== undefined) return model;
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
    ({ endpoint }) => endpoint === 'echo:' || new URL(endpoint).pathname.endsWith(endpointSuffix),
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
  { endpoint, query }: ModelEndpoint,
  { route, endpointExtension = '', forwardedQuery = [] }: UrlTerms,
  echoOrigin: string,
  asked: Request['query'] = {},
): string {
  if (endpoint === 'echo:') return echoOrigin + route;
  const url = new URL(endpoint);
  url.pathname += endpointExtension;
  for (const name of forwardedQuery) {
    const value = asked[name];
    if (typeof value === 'string' && !url.searchParams.has(name)) url.searchParams.set(name, value);
  }
  for (const [name, value] of query) url.searchParams.set(name, value.reveal());
  return url.href;
}
