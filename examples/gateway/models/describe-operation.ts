import type { Attributes } from '../observability/tracing.js';

/** Operations by route. Token counting has no name in the conventions. */
const OPERATIONS: Readonly<Record<string, string>> = {
  '/v1/embeddings': 'embeddings',
  '/v1/messages/count_tokens': 'count_tokens',
};

/** Request to a model, as the name and the attributes of a span. */
export interface DescribedOperation {
  readonly name: string;
  readonly attributes: Attributes;
}

/** Describes a request by the OpenTelemetry semantic conventions for generative AI. `route` identifies the API format. */
export function describeOperation(route: string, model: string): DescribedOperation {
  const operation = OPERATIONS[route] ?? 'chat';
  return {
    name: `${operation} ${model}`,
    attributes: {
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': route.startsWith('/v1/messages') ? 'anthropic' : 'openai',
      'gen_ai.request.model': model,
    },
  };
}
