import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { anthropic } from './anthropic.mjs';
import { gateway, tokens } from './gateway.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';

const ask = ({ prompt, model = 'echo-1' }: ClientInput) => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: prompt }],
});

interface Content {
  readonly content: readonly { readonly type: string; readonly text?: string }[];
}

const textOf = ({ content }: Content): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('');

/** Describes the tool, and collects its inputs. */
function weatherTool(inputs: unknown[]) {
  return betaTool({
    name: 'get_weather',
    description: 'Returns the weather in a city.',
    inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    run(input) {
      inputs.push(input);
      return JSON.stringify(WEATHER);
    },
  });
}

serveBehaviours(
  {
    async text(input) {
      return textOf(await anthropic.messages.create(ask(input)));
    },
    async stream(input) {
      const deltas: string[] = [];
      const stream = anthropic.messages.stream(ask(input));
      stream.on('text', (delta) => void deltas.push(delta));
      await stream.finalMessage();
      return deltas;
    },
    async tools(input) {
      const inputs: unknown[] = [];
      const message = await anthropic.beta.messages.toolRunner({
        ...ask(input),
        tools: [weatherTool(inputs)],
      });
      return { text: textOf(message), inputs };
    },
    async streamedTools(input) {
      const inputs: unknown[] = [];
      const tools = [weatherTool(inputs)];
      // Without a thread at the provider, which keys that limit functions may not use.
      const request = { ...ask(input), tools, thread: false, stream: true } as const;
      const message = await anthropic.beta.messages.toolRunner(request);
      return { text: textOf(message), inputs };
    },
    async textWith(apiKey) {
      const client = new Anthropic({ baseURL: gateway, apiKey });
      return textOf(await client.messages.create(ask({ prompt: 'Hello' })));
    },
    async abort(input) {
      const stream = await anthropic.messages.create({ ...ask(input), stream: true });
      for await (const event of stream) {
        if (event.type !== 'content_block_delta' || event.delta.type !== 'text_delta') continue;
        const abortedAt = Date.now();
        stream.controller.abort();
        return { delta: event.delta.text, abortedAt };
      }
      throw new Error('The stream ended');
    },
  },
  () => tokens.getToken(),
);
