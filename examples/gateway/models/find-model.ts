import { InvalidRequestError, type VerifiedToken } from 'passport-jwe';
import type { ApiKeyRegistry, ModelConfiguration } from 'passport-jwe/api-keys';
import { ModelApiError } from './model-api-error.js';
import type { WireFormat } from './wire-format.js';

/** Returns the configured models that a token may use, by name. */
export function modelsOf(
  token: VerifiedToken,
  apiKeys: Pick<ApiKeyRegistry, 'get'>,
): ReadonlyMap<string, ModelConfiguration> {
  const models = ownersOf(token).flatMap((keyId) => apiKeys.get(keyId)?.models ?? []);
  const isAllowed = ({ name }: ModelConfiguration): boolean => allowedModels(token)?.includes(name) ?? true;
  // The nearer owner comes first and takes precedence, so that it must be set last.
  return new Map(
    models
      .filter(isAllowed)
      .reverse()
      .map((model) => [model.name, model]),
  );
}

/**
 * Returns the model of a request.
 * @throws ModelApiError (404) if the model is not configured, or not any more.
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

/** A key of type `function_call` has the models of its configuration, because its tokens do not list them. */
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

/** A delegated token uses the models of its subject. */
function ownersOf(token: VerifiedToken): readonly string[] {
  if (token.type === 'delegation') {
    return token.claims.lineage.filter((ancestor) => ancestor.is_actor !== true).map((a) => a.client_id);
  }
  return token.claims.client_id === undefined ? [] : [token.claims.client_id];
}

/**
 * Returns the endpoint of the provider of a model in a format.
 * @param echoOrigin origin of the embedded model.
 * @throws InvalidRequestError if the model has another format.
 */
export function endpointOf(
  { endpoint }: ModelConfiguration,
  format: Pick<WireFormat, 'route' | 'endpointSuffix' | 'endpointExtension'>,
  echoOrigin: string,
): string {
  if (endpoint === 'echo:') return echoOrigin + format.route;
  const url = new URL(endpoint);
  if (!url.pathname.endsWith(format.endpointSuffix)) {
    throw new InvalidRequestError(
      'This model uses another API format: send the request to the route of that format',
    );
  }
  url.pathname += format.endpointExtension ?? '';
  return url.href;
}
