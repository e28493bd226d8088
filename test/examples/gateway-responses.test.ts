import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { rejectionOf } from '../support/caught.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.js';

let provider: RecordingUpstream;
let gateway: ModelGateway;
let client: OpenAI;

beforeAll(async () => {
  provider = await startRecordingUpstream();
  gateway = await startModelGateway({
    keys: {
      demo: modelKey([
        '{ name: echo-1, endpoint: "echo:", max_tokens: 64 }',
        `{ name: silent, endpoint: "${provider.origin}/v1/responses", api_key: pk }`,
      ]),
    },
  });
  const apiKey = await gateway.tokenOf('demo');
  client = new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey, maxRetries: 0 });
});

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const weather = {
  type: 'function' as const,
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: false,
};

describe("the Responses API of OpenAI's official client", () => {
  test('returns a whole response', async () => {
    const { data, request_id } = await client.responses
      .create({ model: 'echo-1', instructions: 'Be brief', input: 'Say it again !cached=2' })
      .withResponse();

    expect(data.output_text).toBe('Say it again');
    expect(data.status).toBe('completed');
    expect(data.usage).toMatchObject({
      ...{ input_tokens: 6, output_tokens: 3 },
      input_tokens_details: { cached_tokens: 2 },
    });
    expect(request_id).toMatch(/^req_[0-9a-f]{32}$/);
  });

  test('streams a response', async () => {
    const types: string[] = [];
    const words: string[] = [];
    const input = [
      { role: 'user' as const, content: [{ type: 'input_text' as const, text: 'to be or not' }] },
    ];
    for await (const event of await client.responses.create({ model: 'echo-1', input, stream: true })) {
      types.push(event.type);
      if (event.type === 'response.output_text.delta') words.push(event.delta);
    }

    expect(words.join('')).toBe('to be or not');
    expect([types[0], types.at(-1)]).toEqual(['response.created', 'response.completed']);
    expect(gateway.completions.at(-1)).toMatchObject({
      ...{ outcome: 'completed', inputTokens: 4, outputTokens: 4 },
    });
  });

  test('streams with the helper that collects the response', async () => {
    const response = await client.responses.stream({ model: 'echo-1', input: 'one two' }).finalResponse();

    expect(response.output_text).toBe('one two');
    expect(response.usage?.output_tokens).toBe(2);
  });

  test.each([false, true])('calls a function, and sends its result (stream: %s)', async (isStream) => {
    const request = { model: 'echo-1', tools: [weather] };
    const input = [{ role: 'user' as const, content: '!call=1 {"city": "Paris"}' }];
    const first = isStream
      ? await client.responses.stream({ ...request, input }).finalResponse()
      : await client.responses.create({ ...request, input });
    const [call] = first.output;
    if (call?.type !== 'function_call') throw new Error(`Not a call: ${call?.type}`);
    const output = { type: 'function_call_output' as const, call_id: call.call_id, output: 'It rains' };
    const second = await client.responses.create({ ...request, input: [...input, call, output] });

    expect(call).toMatchObject({ name: 'get_weather', arguments: '{"city": "Paris"}' });
    expect(second.output_text).toBe('It rains');
  });

  test.each([false, true])('calls a custom tool (stream: %s)', async (isStream) => {
    const request = {
      ...{ model: 'echo-1', input: '!call=2 ls -l' },
      tools: [weather, { type: 'custom' as const, name: 'shell' }],
    };
    const { output } = isStream
      ? await client.responses.stream(request).finalResponse()
      : await client.responses.create(request);

    expect(output).toMatchObject([{ type: 'custom_tool_call', name: 'shell', input: 'ls -l' }]);
  });

  test.each([false, true])('ends at the limit of the output tokens (stream: %s)', async (isStream) => {
    const request = { model: 'echo-1', input: 'one two three', max_output_tokens: 2 };
    const response = isStream
      ? await client.responses.stream(request).finalResponse()
      : await client.responses.create(request);

    expect(response.incomplete_details).toEqual({ reason: 'max_output_tokens' });
    expect(response.output_text).toBe('one two');
  });

  test('gets a BadRequestError for a background response, with advice', async () => {
    const failure = await rejectionOf(
      client.responses.create({ model: 'echo-1', input: 'a', background: true }),
    );

    expect(failure).toBeInstanceOf(OpenAI.BadRequestError);
    expect(String(failure)).toContain('background: must be false');
  });

  test('gets an InternalServerError if the provider fails', async () => {
    const failure = await rejectionOf(client.responses.create({ model: 'echo-1', input: '!status=500' }));

    expect(failure).toBeInstanceOf(OpenAI.InternalServerError);
    expect(failure).toMatchObject({ status: 502, type: 'api_error' });
  });

  test('gets an APIError when a stream breaks, after the preceding events', async () => {
    const words: string[] = [];
    const read = async (): Promise<void> => {
      const request = { model: 'echo-1', input: '!cut=2 one two three', stream: true } as const;
      for await (const event of await client.responses.create(request)) {
        if (event.type === 'response.output_text.delta') words.push(event.delta);
      }
    };
    const failure = await rejectionOf(read());

    expect(failure).toBeInstanceOf(OpenAI.APIError);
    expect(failure).toMatchObject({ code: 'provider_failed' });
    expect(words.join('')).toBe('one two');
    expect(gateway.completions.at(-1)).toMatchObject({ outcome: 'broken', outputTokens: 2 });
  });

  test('gets the failed response of the provider', async () => {
    const request = { model: 'echo-1', input: '!fail=1 one two', stream: true } as const;
    const events = [];
    for await (const event of await client.responses.create(request)) events.push(event);

    expect(events.at(-1)).toMatchObject({
      ...{ type: 'response.failed', response: { status: 'failed', error: { code: 'server_error' } } },
    });
    expect(gateway.completions.at(-1)?.outcome).toBe('broken');
  });

  test('aborts the request to the provider if the client aborts a stream', async () => {
    const aborting = new AbortController();
    const closed = new Promise((resolve) => {
      provider.answer((res) => {
        res.on('close', resolve);
        const created = '{"type":"response.created","response":{}}';
        res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(`data: ${created}\n\n`);
      });
    });
    const stream = await client.responses.create(
      { model: 'silent', input: 'a', stream: true },
      { signal: aborting.signal },
    );
    for await (const { type } of stream) if (type === 'response.created') aborting.abort();
    await closed;

    expect(gateway.completions.at(-1)).toMatchObject({ model: 'silent', outcome: 'client_left' });
  });
});
