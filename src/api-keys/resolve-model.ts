import type { ModelConfiguration } from './api-key.js';
import type { ModelFields } from './model-schema.js';
import { SecretText } from './secret-text.js';

const DEFAULT_MAX_TOKENS = 1024;
const DEFAULT_TEMPERATURE = 0.7;

/** Convert a validated entry of `models` to a deeply frozen configuration. */
export function resolveModel(model: ModelFields): ModelConfiguration {
  const { max_tokens: maxTokens, temperature, token_limit_member: tokenLimitMember } = model;
  return Object.freeze({
    name: model.name,
    endpoint: model.endpoint,
    ...(model.api_key === undefined ? {} : { apiKey: new SecretText(model.api_key) }),
    maxTokens: maxTokens ?? DEFAULT_MAX_TOKENS,
    temperature: temperature ?? DEFAULT_TEMPERATURE,
    explicit: Object.freeze({
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(temperature === undefined ? {} : { temperature }),
    }),
    ...(tokenLimitMember === undefined ? {} : { tokenLimitMember }),
    requestUsage: model.request_usage,
  });
}
