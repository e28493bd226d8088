import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rejectionOf } from '../support/caught.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

let gateway: ModelGateway;
let client: Anthropic;

beforeAll(async () => {
  gateway = await startModelGateway({
    keys: {
      demo: modelKey([
        '{ name: echo-1, endpoint: "echo:", max_tokens: 64 }',
        '{ name: vendor/echo-2, endpoint: "echo:" }',
      ]),
      slow: modelKey(['{ name: echo-1, endpoint: "echo:" }']).replace(
        'requests_per_hour: 1000000',
        'requests_per_hour: 1',
      ),
    },
  });
  client = await connect('demo');
});

afterAll(() => gateway.close());

async function connect(keyId: string): Promise<Anthropic> {
  return new Anthropic({ baseURL: gateway.origin, apiKey: await gateway.tokenOf(keyId), maxRetries: 0 });
}

function ask(content: string) {
  return { model: 'echo-1', max_tokens: 100, messages: [{ role: 'user' as const, content }] };
}

describe("Anthropic's official client", () => {
  test('completes a message', async () => {
    const { data, request_id } = await client.messages.create(ask('Say it again')).withResponse();

    expect(data.content).toMatchObject([{ type: 'text', text: 'Say it again' }]);
    expect(data.usage).toMatchObject({ input_tokens: 3, output_tokens: 3 });
    expect(request_id).toMatch(/^req_[0-9a-f]{32}$/);
  });

  test.each([false, true])('calls a tool, and sends its result (stream: %s)', async (isStream) => {
    const tool = { type: 'custom' as const, name: 'get_weather', input_schema: { type: 'object' as const } };
    const request = { ...ask('!call=1 {"city": "Paris"}'), tools: [tool] };
    const { content, stop_reason } = isStream
      ? await client.messages.stream(request).finalMessage()
      : await client.messages.create(request);
    const [use] = content;
    if (use?.type !== 'tool_use') throw new Error(`Not a call: ${use?.type}`);
    const result = { type: 'tool_result' as const, tool_use_id: use.id, content: 'It rains' };
    const messages = [
      ...request.messages,
      ...[
        { role: 'assistant' as const, content },
        { role: 'user' as const, content: [result] },
      ],
    ];
    const second = await client.messages.create({ ...request, messages });

    expect([use.name, use.input, stop_reason]).toEqual(['get_weather', { city: 'Paris' }, 'tool_use']);
    expect(second.content).toMatchObject([{ type: 'text', text: 'It rains' }]);
  });

  test('also sends the token as a bearer token', async () => {
    const bearer = new Anthropic({
      baseURL: gateway.origin,
      apiKey: null,
      authToken: await gateway.tokenOf('demo'),
    });

    expect((await bearer.messages.create(ask('a b'))).content).toMatchObject([{ text: 'a b' }]);
  });

  test('streams a message', async () => {
    const stream = client.messages.stream(ask('one two three'));
    const words: string[] = [];
    stream.on('text', (text) => void words.push(text));
    const message = await stream.finalMessage();

    expect(words).toEqual(['one', ' two', ' three']);
    expect(message.usage.output_tokens).toBe(3);
  });

  test('counts tokens, which consumes none', async () => {
    const { model, messages } = ask('one two three');

    expect(await client.messages.countTokens({ model, messages })).toMatchObject({ input_tokens: 3 });
    expect(gateway.completions.at(-1)).toMatchObject({ inputTokens: 0, outputTokens: 0 });
  });

  test('lists models, and returns one whose name contains a slash', async () => {
    const ids = [];
    for await (const { id } of client.models.list()) ids.push(id);

    expect(ids.sort()).toEqual(['echo-1', 'vendor/echo-2']);
    expect(await client.models.retrieve('vendor/echo-2')).toMatchObject({
      type: 'model',
      display_name: 'vendor/echo-2',
    });
  });

  test('gets an AuthenticationError for an invalid token', async () => {
    const stranger = new Anthropic({ baseURL: gateway.origin, apiKey: 'sk-demo', maxRetries: 0 });
    const failure = await rejectionOf(stranger.messages.create(ask('a')));

    expect(failure).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(failure).toMatchObject({ type: 'authentication_error' });
  });

  test('gets a PermissionDeniedError for a model that the token does not allow', async () => {
    const failure = await rejectionOf(client.messages.create({ ...ask('a'), model: 'claude-3' }));

    expect(failure).toBeInstanceOf(Anthropic.PermissionDeniedError);
    expect(failure).toMatchObject({ type: 'permission_error' });
  });

  test('gets a NotFoundError for an unknown model and an unknown route', async () => {
    expect(await rejectionOf(client.models.retrieve('claude-3'))).toBeInstanceOf(Anthropic.NotFoundError);
    expect(await rejectionOf(client.messages.batches.list())).toBeInstanceOf(Anthropic.NotFoundError);
  });

  test('gets a RateLimitError, and no retry if the wait exceeds a minute', async () => {
    const slow = await connect('slow');
    await slow.models.list();
    const failure = await rejectionOf(slow.models.list());
    const headers = Reflect.get(Object(failure), 'headers');

    expect(failure).toBeInstanceOf(Anthropic.RateLimitError);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(60);
    expect(headers.get('x-should-retry')).toBe('false');
  });

  test('gets a BadRequestError that names the problem', async () => {
    const failure = await rejectionOf(client.messages.create({ ...ask('a'), messages: [] }));

    expect(failure).toBeInstanceOf(Anthropic.BadRequestError);
    expect(String(failure)).toContain('messages');
  });

  test.each([
    ['!status=500 a', 502],
    ['!status=529 !retry-after=9 a', 503],
    ['!cut=0 a', 502],
  ])('gets an InternalServerError if the provider fails: %s', async (content, status) => {
    const failure = await rejectionOf(client.messages.create(ask(content)));

    expect(failure).toBeInstanceOf(Anthropic.InternalServerError);
    expect(failure).toMatchObject({ status });
  });

  test.each(['!cut=2 one two three', '!fail=2 one two three'])(
    'gets an APIError when a stream breaks, after the preceding events: %s',
    async (content) => {
      const words: string[] = [];
      const stream = client.messages.stream(ask(content));
      stream.on('text', (text) => void words.push(text));
      const failure = await rejectionOf(stream.finalMessage());

      expect(failure).toBeInstanceOf(Anthropic.APIError);
      expect(words.join('')).toBe('one two');
    },
  );
});
