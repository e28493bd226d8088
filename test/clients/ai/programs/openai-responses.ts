import OpenAI from 'openai';
import { gateway, tokens } from './gateway.mjs';
import { openai } from './openai.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';

const ask = ({ prompt, model = 'echo-1' }: ClientInput) => ({ model, input: prompt });

const WEATHER_TOOL = {
  type: 'function' as const,
  name: 'get_weather',
  description: 'Returns the weather in a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: true,
};

type Respond = (request: {
  readonly model: string;
  readonly input: OpenAI.Responses.ResponseInput;
  readonly tools: OpenAI.Responses.Tool[];
}) => Promise<OpenAI.Responses.Response>;

/** Runs the tools that the model asks for, until it asks for none. */
async function runTools({ prompt }: ClientInput, respond: Respond) {
  const inputs: unknown[] = [];
  const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: prompt }];
  for (;;) {
    const response = await respond({ model: 'echo-1', input, tools: [WEATHER_TOOL] });
    const calls = response.output.filter((item) => item.type === 'function_call');
    if (calls.length === 0) return { text: response.output_text, inputs };
    for (const call of calls) {
      inputs.push(JSON.parse(call.arguments));
      const output = JSON.stringify(WEATHER);
      // Streams of the client add the parsed arguments, which the API does not accept in requests.
      const sent = { ...call, parsed_arguments: undefined };
      input.push(sent, { type: 'function_call_output', call_id: call.call_id, output });
    }
  }
}

serveBehaviours(
  {
    async text(input) {
      return (await openai.responses.create(ask(input))).output_text;
    },
    async stream(input) {
      const events = await Array.fromAsync(await openai.responses.create({ ...ask(input), stream: true }));
      return events.flatMap((event) => (event.type === 'response.output_text.delta' ? [event.delta] : []));
    },
    tools: (input) => runTools(input, (request) => openai.responses.create(request)),
    streamedTools: (input) => runTools(input, (request) => openai.responses.stream(request).finalResponse()),
    async textWith(apiKey) {
      const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey });
      return (await client.responses.create(ask({ prompt: 'Hello' }))).output_text;
    },
    async abort(input) {
      const stream = await openai.responses.create({ ...ask(input), stream: true });
      for await (const event of stream) {
        if (event.type !== 'response.output_text.delta') continue;
        const abortedAt = Date.now();
        stream.controller.abort();
        return { delta: event.delta, abortedAt };
      }
      throw new Error('The stream ended');
    },
  },
  () => tokens.getToken(),
);
