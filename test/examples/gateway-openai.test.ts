import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { rejectionOf } from '../support/caught.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

let gateway: ModelGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startModelGateway({
    keys: {
      demo: modelKey([
        '{ name: echo-1, endpoint: "echo:", max_tokens: 64 }',
        '{ name: vendor/echo-2, endpoint: "echo:" }',
      ]),
      reader: 'type: api_call\npermissions: [read:documents]\nrate_limits: {}\n',
      slow: modelKey(['{ name: echo-1, endpoint: "echo:" }']).replace(
        'requests_per_minute: 100000',
        'requests_per_minute: 1',
      ),
    },
  });
  client = await connect('demo');
});

afterAll(() => gateway.close());

async function connect(keyId: string, maxRetries = 0): Promise<OpenAI> {
  const apiKey = await gateway.tokenOf(keyId);
  return new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey, maxRetries });
}

function ask(content: string) {
  return { model: 'echo-1', messages: [{ role: 'user' as const, content }] };
}

describe("OpenAI's official client", () => {
  test('completes a chat', async () => {
    const { data, request_id } = await client.chat.completions.create(ask('Say it again')).withResponse();

    expect(data.choices[0]?.message.content).toBe('Say it again');
    expect(data.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 3 });
    expect(request_id).toMatch(/^req_[0-9a-f]{32}$/);
  });

  test('streams a chat', async () => {
    const words: string[] = [];
    for await (const chunk of await client.chat.completions.create({
      ...ask('one two three'),
      stream: true,
    })) {
      words.push(chunk.choices[0]?.delta.content ?? '');
      expect(chunk.usage).toBeUndefined();
    }

    expect(words.join('')).toBe('one two three');
  });

  test.each([false, true])('calls a tool, and sends its result (stream: %s)', async (isStream) => {
    const tools = [{ type: 'function' as const, function: { name: 'get_weather' } }];
    const request = { ...ask('!call=1 {"city": "Paris"}'), tools };
    const { choices } = isStream
      ? await client.chat.completions.stream(request).finalChatCompletion()
      : await client.chat.completions.create(request);
    const [call] = choices[0]?.message.tool_calls ?? [];
    if (call?.type !== 'function') throw new Error(`Not a call: ${call?.type}`);
    const messages = [
      ...request.messages,
      ...[{ role: 'assistant' as const, tool_calls: [call] }],
      ...[{ role: 'tool' as const, tool_call_id: call.id, content: 'It rains' }],
    ];
    const second = await client.chat.completions.create({ ...request, messages });

    expect(call.function).toMatchObject({ name: 'get_weather', arguments: '{"city": "Paris"}' });
    expect(choices[0]?.finish_reason).toBe('tool_calls');
    expect(second.choices[0]?.message.content).toBe('It rains');
  });

  test('gets the usage of a stream if requested', async () => {
    const stream = await client.chat.completions.create({
      ...ask('one two three'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const usages = [];
    for await (const { usage } of stream) if (usage) usages.push(usage.completion_tokens);

    expect(usages).toEqual([3]);
  });

  test('streams with the helper that collects the whole answer', async () => {
    const runner = client.chat.completions.stream(ask('to be or not'));

    expect(await runner.finalContent()).toBe('to be or not');
  });

  test('embeds, as floats and as base64, its default', async () => {
    const input = ['a', 'b', 'a'];
    const floats = await client.embeddings.create({ model: 'echo-1', input, encoding_format: 'float' });
    const defaults = await client.embeddings.create({ model: 'echo-1', input });
    const [a, b, again] = defaults.data.map(({ embedding }) => embedding);

    expect(a).toHaveLength(8);
    expect(a).toEqual(again);
    expect(a).not.toEqual(b);
    expect(floats.data[0]?.embedding[0]).toBeCloseTo(a?.[0] ?? 0, 5);
    expect(defaults.usage.prompt_tokens).toBe(3);
  });

  test('lists models, and returns one whose name contains a slash', async () => {
    const ids = [];
    for await (const { id } of client.models.list()) ids.push(id);

    expect(ids.sort()).toEqual(['echo-1', 'vendor/echo-2']);
    expect((await client.models.retrieve('vendor/echo-2')).id).toBe('vendor/echo-2');
  });

  test('finds an empty catalog in the list if it sends its version, as Codex does', async () => {
    const list = { path: '/models', method: 'get' } as const;
    const plain = await client.get(list.path);
    const versioned = await client.get(list.path, { query: { client_version: '0.171.0' } });

    expect(plain).not.toHaveProperty('models');
    expect(versioned).toMatchObject({ data: [expect.anything(), expect.anything()], models: [] });
  });

  test('renews its token with an async function', async () => {
    let renewals = 0;
    const renewing = new OpenAI({
      baseURL: `${gateway.origin}/v1`,
      apiKey: async () => {
        renewals += 1;
        return gateway.tokenOf('demo');
      },
    });
    await renewing.chat.completions.create(ask('a'));
    await renewing.chat.completions.create(ask('b'));

    expect(renewals).toBe(2);
  });

  test('gets an AuthenticationError for an invalid token', async () => {
    const stranger = new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey: 'sk-demo', maxRetries: 0 });
    const failure = await rejectionOf(stranger.chat.completions.create(ask('a')));

    expect(failure).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(failure).toMatchObject({ code: 'invalid_token', type: 'authentication_error' });
  });

  test('gets a PermissionDeniedError for a scope or model that the token does not allow', async () => {
    const reader = await connect('reader');
    const scope = await rejectionOf(reader.chat.completions.create(ask('a')));
    const model = await rejectionOf(client.chat.completions.create({ ...ask('a'), model: 'gpt-4' }));

    expect(scope).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(scope).toMatchObject({ code: 'insufficient_scope' });
    expect(model).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(model).toMatchObject({ code: 'access_denied' });
  });

  test('gets a NotFoundError for an unknown model', async () => {
    const failure = await rejectionOf(client.models.retrieve('gpt-4'));

    expect(failure).toBeInstanceOf(OpenAI.NotFoundError);
    expect(failure).toMatchObject({ code: 'model_not_found' });
  });

  test('gets a RateLimitError with the time to wait', async () => {
    const slow = await connect('slow');
    await slow.models.list();
    const failure = await rejectionOf(slow.models.list());

    expect(failure).toBeInstanceOf(OpenAI.RateLimitError);
    expect(Number(Reflect.get(Object(failure), 'headers').get('retry-after'))).toBeGreaterThan(0);
  });

  test('gets a BadRequestError that names the problem', async () => {
    const failure = await rejectionOf(client.chat.completions.create({ model: 'echo-1', messages: [] }));

    expect(failure).toBeInstanceOf(OpenAI.BadRequestError);
    expect(String(failure)).toContain('messages');
  });

  test.each([
    ['!status=500 a', 502],
    ['!status=401 a', 502],
    ['!status=302 a', 502],
    ['!cut=0 a', 502],
    ['!status=503 !retry-after=7 a', 503],
  ])('gets an InternalServerError if the provider fails: %s', async (content, status) => {
    const failure = await rejectionOf(client.chat.completions.create(ask(content)));

    expect(failure).toBeInstanceOf(OpenAI.InternalServerError);
    expect(failure).toMatchObject({ status, type: status === 503 ? 'overloaded_error' : 'api_error' });
  });

  test.each(['!cut=2 one two three', '!fail=2 one two three'])(
    'gets an APIError when a stream breaks, after the preceding events: %s',
    async (content) => {
      const words: string[] = [];
      const read = async (): Promise<void> => {
        for await (const chunk of await client.chat.completions.create({ ...ask(content), stream: true })) {
          words.push(chunk.choices[0]?.delta.content ?? '');
        }
      };
      const failure = await rejectionOf(read());

      expect(failure).toBeInstanceOf(OpenAI.APIError);
      expect(failure).toMatchObject({ code: 'provider_failed' });
      expect(words.join('')).toBe('one two');
    },
  );
});
