import { type AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { gateway, tokens } from './gateway.mjs';
import { model as configured } from './langchain.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';

const useResponsesApi = process.env['USE_RESPONSES'] !== undefined;

/** The model of the page, with a different name or API. */
const modelOf = ({ model = 'echo-1' }: Partial<ClientInput> = {}) =>
  model === 'echo-1' && !useResponsesApi ? configured : new ChatOpenAI({ ...OPTIONS, model });

const OPTIONS = {
  apiKey: 'placeholder',
  useResponsesApi,
  configuration: { baseURL: `${gateway}/v1`, fetch: tokens.fetch },
};

type Ask = (messages: (HumanMessage | AIMessageChunk | ToolMessage)[]) => Promise<AIMessageChunk>;

/** Describes the tool, and collects its inputs. */
function weatherTool(inputs: unknown[]) {
  return tool(
    (input) => {
      inputs.push(input);
      return JSON.stringify(WEATHER);
    },
    {
      name: 'get_weather',
      description: 'Returns the weather in a city.',
      schema: z.object({ city: z.string() }),
    },
  );
}

/** Runs the tools that the model asks for, until it asks for none. */
async function runTools(prompt: string, inputs: unknown[], ask: Ask): Promise<string> {
  const messages: Parameters<Ask>[0] = [new HumanMessage(prompt)];
  for (;;) {
    const answer = await ask(messages);
    messages.push(answer);
    if (answer.tool_calls?.length === 0) return answer.text;
    for (const call of answer.tool_calls ?? []) {
      const result: unknown = await weatherTool(inputs).invoke(call);
      if (result instanceof ToolMessage) messages.push(result);
    }
  }
}

serveBehaviours(
  {
    async text(input) {
      return (await modelOf(input).invoke(input.prompt)).text;
    },
    async stream(input) {
      const chunks = await Array.fromAsync(await modelOf(input).stream(input.prompt));
      return chunks.map(({ text }) => text).filter((text) => text !== '');
    },
    async tools({ prompt }) {
      const inputs: unknown[] = [];
      const model = modelOf().bindTools([weatherTool(inputs)]);
      return { text: await runTools(prompt, inputs, (messages) => model.invoke(messages)), inputs };
    },
    async streamedTools({ prompt }) {
      const inputs: unknown[] = [];
      const model = modelOf().bindTools([weatherTool(inputs)]);
      const ask: Ask = async (messages) => {
        const [first, ...others] = await Array.fromAsync(await model.stream(messages));
        if (first === undefined) throw new Error('The stream is empty');
        return others.reduce((whole, chunk) => whole.concat(chunk), first);
      };
      return { text: await runTools(prompt, inputs, ask), inputs };
    },
    async textWith(apiKey) {
      const configuration = { baseURL: `${gateway}/v1` };
      const model = new ChatOpenAI({ model: 'echo-1', apiKey, useResponsesApi, configuration });
      return (await model.invoke('Hello')).text;
    },
    async abort(input) {
      const leaving = new AbortController();
      const stream = await modelOf(input).stream(input.prompt, { signal: leaving.signal });
      for await (const { text } of stream) {
        if (text === '') continue;
        const abortedAt = Date.now();
        leaving.abort();
        return { delta: text, abortedAt };
      }
      throw new Error('The stream ended');
    },
  },
  () => tokens.getToken(),
);
