import { tool } from '@llamaindex/core/tools';
import { OpenAI } from '@llamaindex/openai';
import { z } from 'zod';
import { gateway, tokens } from './gateway.mjs';
import { llm } from './llamaindex.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';

/** The model of the page, or one with a different name. */
const modelOf = ({ model = 'echo-1' }: ClientInput): OpenAI => {
  if (model === 'echo-1') return llm;
  const additionalSessionOptions = { baseURL: `${gateway}/v1`, fetch: tokens.fetch };
  return new OpenAI({ model, apiKey: 'placeholder', additionalSessionOptions });
};

const ask = ({ prompt }: ClientInput) => [{ role: 'user' as const, content: prompt }];

/** Describes the tool, and collects its inputs. */
function weatherTool(inputs: unknown[]) {
  return tool({
    name: 'get_weather',
    description: 'Returns the weather in a city.',
    parameters: z.object({ city: z.string() }),
    execute(input) {
      inputs.push(input);
      return WEATHER;
    },
  });
}

serveBehaviours(
  {
    async text(input) {
      return String((await modelOf(input).chat({ messages: ask(input) })).message.content);
    },
    async stream(input) {
      const chunks = await Array.fromAsync(await modelOf(input).chat({ messages: ask(input), stream: true }));
      return chunks.map(({ delta }) => delta).filter((delta) => delta !== '');
    },
    async tools(input) {
      const inputs: unknown[] = [];
      const tools = [weatherTool(inputs)];
      const called = await llm.exec({ messages: ask(input), tools });
      const messages = [...ask(input), ...called.newMessages];
      const { newMessages } = await llm.exec({ messages, tools });
      return { text: String(newMessages[0]?.content), inputs };
    },
    async streamedTools(input) {
      const inputs: unknown[] = [];
      const tools = [weatherTool(inputs)];
      const called = await llm.exec({ messages: ask(input), tools, stream: true });
      await Array.fromAsync(called.stream);
      const messages = [...ask(input), ...called.newMessages()];
      const { stream } = await llm.exec({ messages, tools, stream: true });
      const chunks = await Array.fromAsync(stream);
      return { text: chunks.map(({ delta }) => delta).join(''), inputs };
    },
    async textWith(apiKey) {
      const model = new OpenAI({ model: 'echo-1', apiKey, baseURL: `${gateway}/v1` });
      return String((await model.chat({ messages: ask({ prompt: 'Hello' }) })).message.content);
    },
    // The library has no option for a signal, so `fetch` adds it.
    async abort({ prompt }) {
      const leaving = new AbortController();
      const additionalSessionOptions = {
        baseURL: `${gateway}/v1`,
        fetch: (url: Parameters<typeof fetch>[0], init: RequestInit = {}) =>
          tokens.fetch(url, { ...init, signal: leaving.signal }),
      };
      const model = new OpenAI({ model: 'echo-1', apiKey: 'placeholder', additionalSessionOptions });
      for await (const { delta } of await model.chat({ messages: ask({ prompt }), stream: true })) {
        if (delta === '') continue;
        const abortedAt = Date.now();
        leaving.abort();
        return { delta, abortedAt };
      }
      throw new Error('The stream ended');
    },
  },
  () => tokens.getToken(),
);
