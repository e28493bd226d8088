import Instructor from '@instructor-ai/instructor';
import OpenAI from 'openai';
// The library requires the API of Zod 3, which Zod 4 contains.
import { z } from 'zod/v3';
import { gateway, tokens } from './gateway.mjs';
import { client } from './instructor.mjs';
import { type ClientInput, serveBehaviours, WEATHER } from './serve-behaviours.ts';

const ask = ({ prompt, model = 'echo-1' }: ClientInput) => ({
  model,
  messages: [{ role: 'user' as const, content: prompt }],
});

/** The model must answer with the input of the tool. */
const WEATHER_CALL = { name: 'get_weather', schema: z.object({ city: z.string() }) };

/** Adds the result of the tool to the conversation. */
function withWeather({ prompt, model }: ClientInput, input: object): ClientInput {
  const result = `${prompt}\nget_weather(${JSON.stringify(input)}): ${JSON.stringify(WEATHER)}`;
  return model === undefined ? { prompt: result } : { prompt: result, model };
}

async function text(input: ClientInput): Promise<string> {
  const chat = await client.chat.completions.create(ask(input));
  return chat.choices[0]?.message.content ?? '';
}

async function stream(input: ClientInput): Promise<readonly string[]> {
  const chunks = await Array.fromAsync(await client.chat.completions.create({ ...ask(input), stream: true }));
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').filter((delta) => delta !== '');
}

serveBehaviours(
  {
    text,
    stream,
    async tools(input) {
      const { _meta, ...called } = await client.chat.completions.create({
        ...ask(input),
        response_model: WEATHER_CALL,
      });
      return { text: await text(withWeather(input, called)), inputs: [called] };
    },
    async streamedTools(input) {
      const partial = await client.chat.completions.create({
        ...ask(input),
        response_model: WEATHER_CALL,
        stream: true,
      });
      const { _meta, ...called } = (await Array.fromAsync(partial)).at(-1) ?? {};
      return { text: (await stream(withWeather(input, called))).join(''), inputs: [called] };
    },
    async textWith(apiKey) {
      const openai = new OpenAI({ baseURL: `${gateway}/v1`, apiKey });
      const chat = await Instructor({ client: openai, mode: 'TOOLS' }).chat.completions.create(
        ask({ prompt: 'Hello' }),
      );
      return chat.choices[0]?.message.content ?? '';
    },
    async abort(input) {
      const chunks = await client.chat.completions.create({ ...ask(input), stream: true });
      for await (const { choices } of chunks) {
        const delta = choices[0]?.delta.content;
        if (!delta) continue;
        const abortedAt = Date.now();
        chunks.controller.abort();
        return { delta, abortedAt };
      }
      throw new Error('The stream ended');
    },
  },
  () => tokens.getToken(),
);
