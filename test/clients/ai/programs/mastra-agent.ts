import { Agent } from '@mastra/core/agent';
import { createTool } from '@mastra/core/tools';
import { z } from 'zod';
import { gateway, tokens } from './gateway.mjs';
import { agent } from './mastra.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';

/** Returns the agent of the page, or one with another model. */
async function agentFor({ model }: ClientInput): Promise<Agent> {
  return model === undefined ? agent : createAgent(model, await tokens.getToken());
}

/** Creates an agent whose token is never renewed. */
function createAgent(modelId: string, apiKey: string): Agent {
  return new Agent({
    ...{ id: 'other', name: 'Other', instructions: 'Answer in one sentence.' },
    model: { providerId: 'gateway', modelId, url: `${gateway}/v1`, apiKey, api: 'responses' },
  });
}

/** Adds the tool to one call, because the agent of the page has none. Collects its inputs. */
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
      const { text } = await (await agentFor(input)).generate(input.prompt);
      return text;
    },
    async stream(input) {
      const { textStream } = await (await agentFor(input)).stream(input.prompt);
      const deltas: string[] = [];
      for await (const delta of textStream) deltas.push(delta);
      return deltas;
    },
    async tools(input) {
      const inputs: unknown[] = [];
      const { text } = await (await agentFor(input)).generate(input.prompt, weatherTools(inputs));
      return { text, inputs };
    },
    async streamedTools(input) {
      const inputs: unknown[] = [];
      const result = await (await agentFor(input)).stream(input.prompt, weatherTools(inputs));
      return { text: await result.text, inputs };
    },
    async textWith(token) {
      const { text } = await createAgent('echo-1', token).generate('Hello');
      return text;
    },
    async abort(input) {
      const leaving = new AbortController();
      const options = { abortSignal: leaving.signal };
      const { textStream } = await (await agentFor(input)).stream(input.prompt, options);
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
