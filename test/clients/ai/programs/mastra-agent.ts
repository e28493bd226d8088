import { createOpenAI } from '@ai-sdk/openai';
import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { z } from 'zod';
import { gateway, tokens } from './gateway.mjs';
import { agent } from './mastra.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';

/** Returns the agent of the page, or one with another model. */
function agentFor({ model }: ClientInput): Agent {
  if (model === undefined) return agent;
  const openai = createOpenAI({ baseURL: `${gateway}/v1`, apiKey: 'placeholder', fetch: tokens.fetch });
  return createAgent(openai(model));
}

function createAgent(model: ReturnType<ReturnType<typeof createOpenAI>>): Agent {
  return new Agent({ id: 'other', name: 'Other', instructions: 'Answer in one sentence.', model });
}

/** Tools that collect their inputs. They are client tools of one call, because the page's agent has none. */
function weatherTools(inputs: unknown[]) {
  const weather = createTool({
    id: 'get_weather',
    description: 'Returns the weather in a city.',
    inputSchema: z.object({ city: z.string() }),
    async execute(asked) {
      inputs.push(asked);
      return WEATHER;
    },
  });
  return { toolsets: { weather: { get_weather: weather } } };
}

serveBehaviours(
  {
    async text(input) {
      const { text } = await agentFor(input).generate(input.prompt);
      return text;
    },
    async stream(input) {
      const { textStream } = await agentFor(input).stream(input.prompt);
      const deltas: string[] = [];
      for await (const delta of textStream) deltas.push(delta);
      return deltas;
    },
    async tools(input) {
      const inputs: unknown[] = [];
      const { text } = await agentFor(input).generate(input.prompt, weatherTools(inputs));
      return { text, inputs };
    },
    async streamedTools(input) {
      const inputs: unknown[] = [];
      const result = await agentFor(input).stream(input.prompt, weatherTools(inputs));
      return { text: await result.text, inputs };
    },
    async textWith(apiKey) {
      const openai = createOpenAI({ baseURL: `${gateway}/v1`, apiKey });
      const { text } = await createAgent(openai('echo-1')).generate('Hello');
      return text;
    },
    async abort(input) {
      const leaving = new AbortController();
      const options = { abortSignal: leaving.signal };
      const { textStream } = await agentFor(input).stream(input.prompt, options);
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
