import { z } from 'zod';
import { estimateInput, type InputEstimate } from './estimate-input.js';
import { EMBEDDINGS_MEMBERS } from './known-members.js';
import { modelName, readBody } from './read-body.js';
import { readCountAt } from './token-usage.js';
import { type ModelRequest, StreamBrokenError, type WireFormat } from './wire-format.js';

const embeddingsSchema = z.looseObject({
  model: modelName,
  input: z.custom<string | readonly unknown[]>(
    isInput,
    'must be a string, or an array of strings, of tokens or of arrays of tokens',
  ),
});

/** Whether a value is an input. A union of schemas would report each entry of a long array several times. */
function isInput(value: unknown): boolean {
  if (!Array.isArray(value)) return typeof value === 'string' && value !== '';
  const isTokens = (entry: unknown): boolean => Array.isArray(entry) && entry.every(Number.isSafeInteger);
  const isText = (entry: unknown): boolean => typeof entry === 'string';
  return (
    value.length > 0 && [isText, Number.isSafeInteger, isTokens].some((isFitting) => value.every(isFitting))
  );
}

/** Estimates the tokens of strings, and counts those of arrays of tokens. */
function estimateEmbedded(input: string | readonly unknown[]): InputEstimate {
  const entries = typeof input === 'string' ? [] : input;
  if (typeof input === 'string' || typeof entries[0] === 'string') return estimateInput(input);
  const tokens = entries.reduce<number>((sum, entry) => sum + (Array.isArray(entry) ? entry.length : 1), 0);
  return () => tokens;
}

/** Wire format of OpenAI's Embeddings API, which many providers support. */
export const openaiEmbeddings: WireFormat<ModelRequest> = {
  route: '/v1/embeddings',
  endpointSuffix: '/embeddings',
  members: EMBEDDINGS_MEMBERS,
  forwardedHeaders: [],
  authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),

  read(body) {
    const request = readBody(embeddingsSchema, body);
    return {
      model: request.model,
      isStream: false,
      toolNames: [],
      inputEstimate: estimateEmbedded(request.input),
      maxOutput: () => 0,
      changesFor: () => new Map(),
    };
  },

  usageOf: ({ usage }) => ({ inputTokens: readCountAt(usage, 'prompt_tokens'), outputTokens: 0 }),
  textsOf: () => [],

  meter() {
    throw new StreamBrokenError('The provider streamed embeddings, which this API does not allow');
  },
  breakEvent: () => '',
};
