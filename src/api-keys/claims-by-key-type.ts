import type { JsonObject } from '../base/json.js';
import type { ApiKey } from './api-key.js';

/** Build the claims that describe an API key: name, limits, metadata, and permitted models, functions or endpoints. */
export function claimsByKeyType(apiKey: ApiKey): JsonObject {
  const common = {
    api_key_name: apiKey.name,
    rate_limits: { ...apiKey.rateLimits },
    metadata: releasedMetadata(apiKey),
  };
  switch (apiKey.type) {
    case 'tiered_model_exec':
      return { ...common, allowed_models: apiKey.models.map((model) => model.name) };
    case 'function_call':
      return { ...common, allowed_functions: apiKey.functions };
    case 'api_call':
      return { ...common, allowed_endpoints: apiKey.endpoints };
  }
}

function releasedMetadata({ metadata, metadataClaims }: ApiKey): JsonObject {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => metadataClaims.includes(name)));
}
