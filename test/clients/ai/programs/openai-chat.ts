import OpenAI from 'openai';
import { gateway, tokens } from './gateway.mjs';
import { openai } from './openai.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';

const ask = ({ prompt, model = 'echo-1' }: ClientInput) => ({
  model,
  messages: [{ role: 'user' as const, content: prompt }],
});

/** Describes the tool, and collects its inputs. */
function weatherTool(inputs: unknown[]) {
  return {
    type: 'function' as const,
    function: {
      name: 'get_weather',
      description: 'Returns the weather in a city.',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      parse: (text: string): unknown => JSON.parse(text),
      async function(input: unknown) {
        inputs.push(input);
        return WEATHER;
      },
    },
  };
}

serveBehaviours(
  {
    async text(input) {
      const chat = await openai.chat.completions.create(ask(input));
      return chat.choices[0]?.message.content ?? '';
    },
    async stream(input) {
      const deltas: string[] = [];
      for await (const chunk of await openai.chat.completions.create({ ...ask(input), stream: true })) {
        const delta = chunk.choices[0]?.delta.content;
        if (delta) deltas.push(delta);
      }
      return deltas;
    },
    async tools(input) {
      const inputs: unknown[] = [];
      const runner = openai.chat.completions.runTools({ ...ask(input), tools: [weatherTool(inputs)] });
      return { text: (await runner.finalContent()) ?? '', inputs };
    },
    async streamedTools(input) {
      const inputs: unknown[] = [];
      const tools = [weatherTool(inputs)];
      const runner = openai.chat.completions.runTools({ ...ask(input), tools, stream: true });
      return { text: (await runner.finalContent()) ?? '', inputs };
    },
    async embed({ prompt, model = 'echo-1' }) {
      const { data } = await openai.embeddings.create({ model, input: prompt });
      return data[0]?.embedding ?? [];
    },
    async textWith(apiKey) {
      const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey });
      const chat = await client.chat.completions.create(ask({ prompt: 'Hello' }));
      return chat.choices[0]?.message.content ?? '';
    },
    async abort(input) {
      const stream = await openai.chat.completions.create({ ...ask(input), stream: true });
      for await (const chunk of stream) {
        const delta = chunk.choices[0]?.delta.content;
        if (!delta) continue;
        const abortedAt = Date.now();
        stream.controller.abort();
        return { delta, abortedAt };
      }
      throw new Error('The stream ended');
    },
  },
  () => tokens.getToken(),
);
