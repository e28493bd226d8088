import { type EndpointRequest, matchesEndpoint } from './endpoint-pattern.js';
import type { VerifiedToken } from './verified-token.js';

/** Whether a token allows a model, by exact name. Tokens of type `function_call` list no models and allow all names. */
export function allowsModel({ type, claims }: VerifiedToken, name: unknown): boolean {
  switch (type) {
    case 'tiered_model_exec':
    case 'delegation':
      return (claims.allowed_models ?? []).some((allowed) => allowed === name);
    case 'function_call':
      return typeof name === 'string';
    default:
      return false;
  }
}

/** Whether a token allows all of these functions. Tokens of type `tiered_model_exec` allow every function. */
export function allowsFunctions({ type, claims }: VerifiedToken, names: readonly string[]): boolean {
  switch (type) {
    case 'tiered_model_exec':
      return true;
    case 'function_call':
    case 'delegation': {
      const allowed = claims.allowed_functions ?? [];
      return names.every((name) => allowed.includes(name));
    }
    default:
      return names.length === 0;
  }
}

/** Whether a token allows a request to an endpoint. Only tokens of type `api_call` or `delegation` list endpoints. */
export function allowsEndpoint({ type, claims }: VerifiedToken, request: EndpointRequest): boolean {
  switch (type) {
    case 'api_call':
    case 'delegation':
      return (claims.allowed_endpoints ?? []).some((pattern) => matchesEndpoint(pattern, request));
    default:
      return false;
  }
}
