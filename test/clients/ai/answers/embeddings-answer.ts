import { type AskedModel, type ModelAnswer, SERVED, type SpokenTurn } from './model-turn.js';

/** Vector of every response. Its components are exact in 32 bits. */
export const VECTOR: readonly number[] = [0.25, -0.5, 1];

/** Response of OpenAI's Embeddings API, which has no streams. */
export function embeddingsAnswer(_turn: SpokenTurn, { model, encoding_format }: AskedModel): ModelAnswer {
  const bytes = Buffer.from(new Float32Array(VECTOR).buffer);
  const embedding = encoding_format === 'base64' ? bytes.toString('base64') : VECTOR;
  const whole = {
    ...{ object: 'list', model, data: [{ object: 'embedding', index: 0, embedding }] },
    usage: { prompt_tokens: SERVED.input, total_tokens: SERVED.input },
  };
  return { whole, content: [], ending: [] };
}
