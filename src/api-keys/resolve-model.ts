import type { MediaTokens, ModelConfiguration, ModelEndpoint } from './model-configuration.js';
import type { EndpointFields, ModelFields } from './model-schema.js';
import { SecretText } from './secret-text.js';

const DEFAULT_MAX_TOKENS = 1024;
const DEFAULT_TEMPERATURE = 0.7;

/** Convert a validated entry of `models` to a deeply frozen configuration. */
export function resolveModel(model: ModelFields): ModelConfiguration {
  const { name, max_tokens: maxTokens, temperature } = model;
  // checkModels() has verified that exactly one of `endpoint` and `endpoints` is set.
  const { endpoint = '', endpoints = [{ ...model, endpoint }] } = model;
  const resolved = endpoints.map((each) => resolveEndpoint(each, name));
  const [first] = resolved;
  return Object.freeze({
    name,
    endpoints: Object.freeze(resolved),
    endpoint: first?.endpoint ?? endpoint,
    ...(first?.apiKey === undefined ? {} : { apiKey: first.apiKey }),
    maxTokens: maxTokens ?? DEFAULT_MAX_TOKENS,
    mediaTokens: resolveMediaTokens(model),
    temperature: temperature ?? DEFAULT_TEMPERATURE,
    explicit: Object.freeze({
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
    }),
  });
}

function resolveMediaTokens({ media_tokens: { image, audio, file } }: ModelFields): MediaTokens {
  return Object.freeze({ image: image ?? 1600, audio: audio ?? 2000, file: file ?? 5000 });
}

function resolveEndpoint(fields: EndpointFields, name: string): ModelEndpoint {
  const { api_key: apiKey, timeout_ms: timeoutMs, idle_timeout_ms: idleTimeoutMs } = fields;
  const { token_limit_member: tokenLimitMember, provider_model: providerModel = name } = fields;
  const headers = Object.entries(fields.headers).map(
    ([header, value]) => [header.toLowerCase(), new SecretText(value)] as const,
  );
  const query = Object.entries(fields.query).map(([name, value]) => [name, new SecretText(value)] as const);
  return Object.freeze({
    endpoint: fields.endpoint,
    ...(apiKey === undefined ? {} : { apiKey: new SecretText(apiKey) }),
    providerModel,
    headers: new Map(headers),
    query: new Map(query),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
    ...(tokenLimitMember === undefined ? {} : { tokenLimitMember }),
    requestUsage: fields.request_usage,
  });
}
