import { z } from 'zod';
import { EMBEDDINGS_MEMBERS } from './known-members.js';
import { modelName, readBody } from './read-body.js';
import { estimateInput, readCount } from './token-usage.js';
import { type ModelRequest, StreamBrokenError, type WireFormat } from './wire-format.js';

const embeddingsSchema = z.looseObject({
  model: modelName,
  input: z.union([
    z.string().min(1),
    z.array(z.string()).min(1),
    z.array(z.int()).min(1),
    z.array(z.array(z.int())).min(1),
  ]),
});

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
      inputEstimate: estimateInput(request.input),
      maxOutput: () => 0,
      changesFor: () => new Map(),
    };
  },

  usageOf({ usage }) {
    const { success, data } = z.looseObject({ prompt_tokens: z.number() }).safeParse(usage);
    return success ? { inputTokens: readCount(data.prompt_tokens), outputTokens: 0 } : undefined;
  },

  meter() {
    throw new StreamBrokenError('The provider streamed embeddings, which this API does not allow');
  },
  breakEvent: () => '',
};
