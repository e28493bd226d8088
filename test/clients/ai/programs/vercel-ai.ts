import { createOpenAI } from '@ai-sdk/openai';
import { generateText, type LanguageModel, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { gateway, tokens } from './gateway.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';
import { openai } from './vercel.mjs';

/** The default API, which is the Responses API, or chat completions. */
const modelOf = (provider: typeof openai, name = 'echo-1'): LanguageModel =>
  process.env['USE_CHAT'] === undefined ? provider(name) : provider.chat(name);

const ask = ({ prompt, model }: ClientInput) => ({ model: modelOf(openai, model), prompt });

/** Describes the tool, and collects its inputs. */
function weatherTools(inputs: unknown[]) {
  const get_weather = tool({
    description: 'Returns the weather in a city.',
    inputSchema: z.object({ city: z.string() }),
    async execute(input) {
      inputs.push(input);
      return WEATHER;
    },
  });
  return { tools: { get_weather }, stopWhen: stepCountIs(3) };
}

serveBehaviours(
  {
    async text(input) {
      return (await generateText(ask(input))).text;
    },
    async stream(input) {
      return Array.fromAsync(streamText(ask(input)).textStream);
    },
    async tools(input) {
      const inputs: unknown[] = [];
      const { text } = await generateText({ ...ask(input), ...weatherTools(inputs) });
      return { text, inputs };
    },
    async streamedTools(input) {
      const inputs: unknown[] = [];
      const result = streamText({ ...ask(input), ...weatherTools(inputs) });
      return { text: (await Array.fromAsync(result.textStream)).join(''), inputs };
    },
    async textWith(apiKey) {
      const model = modelOf(createOpenAI({ baseURL: `${gateway}/v1`, apiKey }));
      return (await generateText({ model, prompt: 'Hello' })).text;
    },
    async abort(input) {
      const leaving = new AbortController();
      const { textStream } = streamText({ ...ask(input), abortSignal: leaving.signal });
      for await (const delta of textStream) {
        const abortedAt = Date.now();
        leaving.abort();
        return { delta, abortedAt };
      }
      throw new Error('The stream ended');
    },
  },
  () => tokens.getToken(),
);
