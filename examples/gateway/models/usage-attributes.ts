import type { Attributes } from '../observability/tracing.js';
import type { CompletionRecord } from './completion-record.js';

/** Returns the settled usage as span attributes. */
export function usageAttributes(record: CompletionRecord): Attributes {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens } = record;
  return {
    'gen_ai.usage.input_tokens': inputTokens,
    'gen_ai.usage.output_tokens': outputTokens,
    'gen_ai.usage.cache_read.input_tokens': cachedTokens,
    'gen_ai.usage.reasoning.output_tokens': reasoningTokens,
  };
}
