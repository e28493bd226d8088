import { Agent, OpenAIProvider, Runner, tool } from '@openai/agents';
import { z } from 'zod';
import { runner } from './agents.mjs';
import { gateway, tokens } from './gateway.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';

const createAgent = ({ model = 'echo-1' }: Partial<ClientInput>) =>
  new Agent({ name: 'Assistant', instructions: 'Answer in one sentence.', model });

/** Creates an agent with the tool, which collects its inputs. */
function createWeatherAgent(input: ClientInput, inputs: unknown[]) {
  const weather = tool({
    name: 'get_weather',
    description: 'Returns the weather in a city.',
    parameters: z.object({ city: z.string() }),
    async execute(asked) {
      inputs.push(asked);
      return JSON.stringify(WEATHER);
    },
  });
  return createAgent(input).clone({ tools: [weather] });
}

serveBehaviours(
  {
    async text(input) {
      const result = await runner.run(createAgent(input), input.prompt);
      return result.finalOutput ?? '';
    },
    async stream(input) {
      const result = await runner.run(createAgent(input), input.prompt, { stream: true });
      const deltas: string[] = [];
      for await (const delta of result.toTextStream()) deltas.push(delta);
      await result.completed;
      return deltas;
    },
    async tools(input) {
      const inputs: unknown[] = [];
      const result = await runner.run(createWeatherAgent(input, inputs), input.prompt);
      return { text: result.finalOutput ?? '', inputs };
    },
    async streamedTools(input) {
      const inputs: unknown[] = [];
      const agent = createWeatherAgent(input, inputs);
      const result = await runner.run(agent, input.prompt, { stream: true });
      await result.completed;
      return { text: result.finalOutput ?? '', inputs };
    },
    async textWith(apiKey) {
      const modelProvider = new OpenAIProvider({ apiKey, baseURL: `${gateway}/v1` });
      const own = new Runner({ modelProvider, tracingDisabled: true });
      const result = await own.run(createAgent({}), 'Hello');
      return result.finalOutput ?? '';
    },
    async abort(input) {
      const leaving = new AbortController();
      const options = { stream: true, signal: leaving.signal } as const;
      const result = await runner.run(createAgent(input), input.prompt, options);
      for await (const delta of result.toTextStream()) {
        const abortedAt = Date.now();
        leaving.abort();
        return { delta, abortedAt };
      }
      throw new Error('The stream ended');
    },
  },
  () => tokens.getToken(),
);
