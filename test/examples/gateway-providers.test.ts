import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import {
  type RecordingUpstream,
  replyJson,
  replyStream,
  startRecordingUpstream,
} from '../support/recording-upstream.js';

const PROVIDER_KEY = 'pk-canary-0123456789';

let provider: RecordingUpstream;
let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  provider = await startRecordingUpstream();
  const model = (name: string, path: string): string =>
    `{ name: ${name}, endpoint: "${provider.origin}${path}", api_key: ${PROVIDER_KEY}, max_tokens: 50, temperature: 0.3, request_usage: true }`;
  gateway = await startModelGateway({
    keys: {
      demo: modelKey([
        model('gpt', '/v1/chat/completions?api-version=1'),
        model('vectors', '/v1/embeddings'),
        model('claude', '/v1/messages'),
        '{ name: gone, endpoint: "http://127.0.0.1:1/v1/chat/completions", api_key: pk-gone }',
      ]),
      caller: [
        'type: function_call\npermissions: [execute:models]\nfunctions: [get_weather]\nrate_limits: {}',
        `models:\n  - ${model('gpt', '/v1/chat/completions')}\n  - ${model('claude', '/v1/messages')}\n`,
      ].join('\n'),
    },
    environment: { PROVIDER_TIMEOUT_MS: '1500' },
  });
  token = await gateway.tokenOf('demo');
});

beforeEach(() =>
  provider.answer(replyJson({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 4 } })),
);

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const sentBody = () => JSON.parse(provider.requests[0]?.body ?? '');

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await fetch(gateway.origin + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const chat = (more: object = {}): Promise<Answer> =>
  post('/v1/chat/completions', { model: 'gpt', messages: [{ role: 'user', content: 'Hi' }], ...more });
const message = (more: object = {}, query = ''): Promise<Answer> =>
  post(`/v1/messages${query}`, {
    ...{ model: 'claude', max_tokens: 20, messages: [{ role: 'user', content: 'Hi' }] },
    ...more,
  });

test('a client that disconnects before a retry is charged nothing', async () => {
  provider.answer(replyJson({}, 503));
  const leaving = new AbortController();
  const asked = fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify({ model: 'gpt', messages: [{ role: 'user', content: 'Hi' }] }),
    signal: leaving.signal,
  });
  while (provider.requests.length < 2) await pause(10);
  const settled = gateway.completions.length;
  await pause(150);
  leaving.abort();

  await expect(asked).rejects.toThrow();
  while (gateway.completions.length === settled) await pause(10);
  expect(gateway.completions.at(-1)).toMatchObject({
    ...{ outcome: 'client_left', inputTokens: 0, outputTokens: 0 },
  });
});

describe('a provider', () => {
  test('receives its own key, and nothing about the client', async () => {
    await post(
      '/v1/chat/completions',
      { model: 'gpt', messages: [{ role: 'user', content: 'Hi' }] },
      { Cookie: 'a=b', 'X-Canary': 'c', 'User-Agent': 'canary' },
    );
    const [request] = provider.requests;

    expect(request?.path).toBe('/v1/chat/completions?api-version=1');
    expect(request?.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    expect(JSON.stringify(request?.headers)).not.toMatch(/canary"|"a=b"/);
    expect(JSON.stringify(request)).not.toContain(token);
  });

  test('of Anthropic gets its key and version headers, and the beta header of the client', async () => {
    await post(
      '/v1/messages/count_tokens',
      { model: 'claude', messages: [{ role: 'user', content: 'Hi' }] },
      { 'Anthropic-Beta': 'tools-1' },
    );
    const [request] = provider.requests;

    expect(request?.path).toBe('/v1/messages/count_tokens');
    expect(request?.headers).toMatchObject({
      'x-api-key': PROVIDER_KEY,
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'tools-1',
    });
    expect(request?.headers.authorization).toBeUndefined();
  });

  test('of Anthropic gets the query parameter beta of the client and no other one', async () => {
    await message({}, '?beta=true&api-version=2&token=secret');
    const [single] = provider.requests.map(({ path }) => path);
    provider.answer(replyJson({ content: [] }));
    await message({}, '?beta=1&beta=2');
    const [repeated] = provider.requests.map(({ path }) => path);

    expect([single, repeated]).toEqual(['/v1/messages?beta=true', '/v1/messages']);
  });

  test('of OpenAI gets the query of its endpoint alone', async () => {
    await post('/v1/chat/completions?beta=true', {
      model: 'gpt',
      messages: [{ role: 'user', content: 'Hi' }],
    });

    expect(provider.requests[0]?.path).toBe('/v1/chat/completions?api-version=1');
  });

  test.each([
    [{}, { max_completion_tokens: 50, temperature: 0.3 }],
    [
      { max_tokens: 9, temperature: 0 },
      { max_tokens: 9, temperature: 0 },
    ],
    [{ max_tokens: 900 }, { max_tokens: 50 }],
    [{ max_completion_tokens: 900 }, { max_completion_tokens: 50 }],
    [{ custom: { nested: [1] } }, { custom: { nested: [1] } }],
  ])('gets %j capped and completed as %j', async (asked, sent) => {
    await chat(asked);

    expect(sentBody()).toMatchObject(sent);
  });

  test.each([
    [{ max_tokens: 900 }, { max_tokens: 50, temperature: 0.3 }],
    [
      { max_tokens: 9, temperature: 1 },
      { max_tokens: 9, temperature: 1 },
    ],
  ])('of Anthropic gets %j capped and completed as %j', async (asked, sent) => {
    await message(asked);

    expect(sentBody()).toMatchObject(sent);
  });

  test('of Anthropic gets no temperature for a thinking model', async () => {
    await message({ thinking: { type: 'enabled', budget_tokens: 10 } });

    expect(sentBody()).not.toHaveProperty('temperature');
  });

  test('receives only requests in its own format', async () => {
    const { status, text } = await chat({ model: 'claude' });

    expect(status).toBe(400);
    expect(JSON.parse(text).error.message).toContain('a different API format');
    expect(provider.requests).toEqual([]);
  });

  test('gets a retry if it was overloaded, but not if it may have started', async () => {
    provider.answer(replyJson({}, 503), replyJson({}, 529), replyJson({ ok: true }));
    expect((await chat()).text).toBe('{"ok":true}');
    expect(provider.requests).toHaveLength(3);

    provider.answer(replyJson({}, 500), replyJson({ ok: true }));
    expect((await chat()).status).toBe(502);
    expect(provider.requests).toHaveLength(1);
  });

  test('with a long Retry-After gets no retry, and the client is told', async () => {
    provider.answer(replyJson({}, 503, { 'Retry-After': '30' }));
    const { status, headers } = await chat();

    expect([status, headers.get('retry-after')]).toEqual([503, '30']);
    expect(provider.requests).toHaveLength(1);
  });

  test('that is unavailable is a 502 without usage', async () => {
    const { status, text } = await chat({ model: 'gone' });

    expect(status).toBe(502);
    expect(JSON.parse(text).error.code).toBe('provider_failed');
    expect(gateway.completions.at(-1)).toMatchObject({ outcome: 'refused', inputTokens: 0, outputTokens: 0 });
  });

  test('that does not answer in time is a 504', async () => {
    provider.answer(() => {});

    expect((await chat()).status).toBe(504);
  });

  test('that rejects the gateway, or redirects it, is a 502', async () => {
    provider.answer(replyJson({ error: { message: `Incorrect API key ${PROVIDER_KEY}` } }, 401));
    const refused = await chat();
    provider.answer(replyJson({}, 307, { Location: `${provider.origin}/elsewhere` }));
    const redirected = await chat();

    expect([refused.status, redirected.status]).toEqual([502, 502]);
    expect(refused.text).not.toContain(PROVIDER_KEY);
    expect(provider.requests).toHaveLength(1);
  });

  test('reports errors in the request to the client, without its key', async () => {
    const error = {
      message: `Bad for ${PROVIDER_KEY}`,
      type: 'x',
      code: 'context_length',
      param: 'messages',
    };
    provider.answer(replyJson({ error }, 400));
    const { status, text } = await chat();

    expect(status).toBe(400);
    expect(JSON.parse(text).error).toEqual({
      type: 'invalid_request_error',
      code: 'context_length',
      param: 'messages',
      message: 'Bad for [secret]',
    });
  });

  test('that rate limits the gateway causes a 429 for the client', async () => {
    provider.answer(replyJson({}, 429, { 'Retry-After': '300' }));
    const { status, headers } = await chat();

    expect([status, headers.get('retry-after'), headers.get('x-should-retry')]).toEqual([
      429,
      '300',
      'false',
    ]);
  });

  test.each([
    ['no JSON', (): void => provider.answer((res) => void res.end('<html>'))],
    [
      'half an answer',
      () => provider.answer((res) => void res.writeHead(200).write('{"a"', () => res.destroy())),
    ],
  ])('that sends %s is a 502', async (_what, prepare) => {
    prepare();

    expect((await chat()).status).toBe(502);
  });
});

const CHUNKS = [
  'data: {"choices":[{"delta":{"content":"Hel"}}],"usage":null}\n\n',
  ': a comment\n\n',
  'data: {"choices":[{"delta":{"content":"lo"}}],"usage":null}\r\n\r\n',
  'data: {"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":6}}\n\n',
  'data: [DONE]\n\n',
];

describe('a stream of OpenAI', () => {
  test('reports its usage to the gateway, and to the client only on request', async () => {
    provider.answer(replyStream(...CHUNKS));
    const { text, headers } = await chat({ stream: true });

    expect(sentBody()['stream_options']).toEqual({ include_usage: true });
    expect(headers.get('content-type')).toContain('text/event-stream');
    expect(text).toBe(
      'data: {"choices":[{"delta":{"content":"Hel"}}]}\n\n: a comment\n\ndata: {"choices":[{"delta":{"content":"lo"}}]}\n\ndata: [DONE]\n\n',
    );
    expect(gateway.completions.at(-1)).toMatchObject({
      ...{ outcome: 'completed', inputTokens: 11, outputTokens: 6, model: 'gpt', clientId: 'demo' },
    });

    const asked = await chat({ stream: true, stream_options: { include_usage: true } });
    expect(asked.text).toContain('"completion_tokens":6');
  });

  test('arrives complete, regardless of packet boundaries', async () => {
    const text = CHUNKS.join('').replace('Hel', 'Héllö €');
    const bytes = Buffer.from(text);
    provider.answer(async (res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (const byte of bytes) await new Promise((resolve) => void res.write(Buffer.of(byte), resolve));
      res.end();
    });

    expect((await chat({ stream: true })).text).toContain('"content":"Héllö €"');
  });

  test('that ends without its last event ends with an error, and the emitted tokens are charged', async () => {
    provider.answer(replyStream(...CHUNKS.slice(0, 3)));
    const { text, headers } = await chat({ stream: true });
    const last = JSON.parse(text.trim().split('\n\n').at(-1)?.slice('data: '.length) ?? '');

    expect(text).not.toContain('[DONE]');
    expect(last).toMatchObject({ type: 'error', request_id: headers.get('x-request-id') });
    expect(gateway.completions.at(-1)).toMatchObject({ outcome: 'broken', outputTokens: 2 });
  });

  test('that is not a stream is a 502', async () => {
    expect((await chat({ stream: true })).status).toBe(502);
  });

  test('whose provider stalls ends with an error', async () => {
    provider.answer((res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write(CHUNKS[0]);
    });

    expect((await chat({ stream: true })).text).toContain('"code":"provider_failed"');
  });
});

describe('a stream of Anthropic', () => {
  const event = (type: string, fields: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const delta = event('content_block_delta', { delta: { type: 'text_delta', text: 'Hi' } });
  const start = event('message_start', {
    message: { usage: { input_tokens: 5, cache_read_input_tokens: 30, output_tokens: 1 } },
  });

  test('has its cumulative counts replaced, and cached tokens counted', async () => {
    const counts = [2, 9].map((output_tokens) => event('message_delta', { usage: { output_tokens } }));
    provider.answer(replyStream(start, delta, ...counts, event('message_stop', {})));
    const { text } = await message({ stream: true });

    expect(text).toBe([start, delta, ...counts, event('message_stop', {})].join(''));
    expect(gateway.completions.at(-1)).toMatchObject({ inputTokens: 35, outputTokens: 9 });
  });

  test('that breaks ends with an error event', async () => {
    provider.answer(replyStream(start, delta));
    const { text } = await message({ stream: true });

    expect(text).toContain('event: error\ndata: {"type":"error"');
    expect(text).not.toContain('message_stop');
  });
});

describe('tokens of the answer', () => {
  test('are those that the provider counted', async () => {
    await chat();
    expect(gateway.completions.at(-1)).toMatchObject({ inputTokens: 7, outputTokens: 4 });

    provider.answer(
      replyJson({ usage: { input_tokens: 3, cache_creation_input_tokens: 40, output_tokens: 2 } }),
    );
    await message();
    expect(gateway.completions.at(-1)).toMatchObject({ inputTokens: 43, outputTokens: 2 });

    provider.answer(replyJson({ usage: { prompt_tokens: 12, total_tokens: 12 } }));
    await post('/v1/embeddings', { model: 'vectors', input: 'a' });
    expect(gateway.completions.at(-1)).toMatchObject({ inputTokens: 12, outputTokens: 0 });
  });
});

describe('the token of a client', () => {
  const hi = { model: 'gpt', messages: [{ role: 'user', content: 'Hi' }] };

  test('may be in both headers if they are equal', async () => {
    expect((await post('/v1/chat/completions', hi, { 'X-API-Key': token })).status).toBe(200);
  });

  test('is rejected with 400 if they differ', async () => {
    const { status, text } = await post('/v1/chat/completions', hi, { 'X-API-Key': `${token}x` });

    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ type: 'error', error: { code: 'invalid_request' } });
  });
});

describe('a key of type function_call', () => {
  const tool = (name: string) => ({ type: 'function', function: { name, parameters: {} } });
  const ask = async (path: string, body: object): Promise<number> => {
    const bearer = { Authorization: `Bearer ${await gateway.tokenOf('caller')}` };
    return (await post(path, { max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }], ...body }, bearer))
      .status;
  };

  test.each([
    ['/v1/chat/completions', { model: 'gpt', tools: [tool('get_weather')] }, 200],
    ['/v1/chat/completions', { model: 'gpt' }, 200],
    ['/v1/chat/completions', { model: 'gpt', tools: [tool('get_weather'), tool('rm_rf')] }, 403],
    ['/v1/chat/completions', { model: 'gpt', functions: [{ name: 'rm_rf' }] }, 403],
    ['/v1/chat/completions', { model: 'gpt', tools: [{ type: 'custom', custom: { name: 'rm_rf' } }] }, 403],
    ['/v1/chat/completions', { model: 'gpt', tools: [{ type: 'web_search' }] }, 403],
    ['/v1/chat/completions', { model: 'gpt', tools: [{}] }, 400],
    ['/v1/messages', { model: 'claude', tools: [{ name: 'get_weather' }] }, 200],
    ['/v1/messages', { model: 'claude', tools: [{ name: 'rm_rf' }] }, 403],
    ['/v1/chat/completions', { model: 'vectors' }, 404],
  ])('at %s with %j is answered %d', async (path, body, status) => {
    expect(await ask(path, body)).toBe(status);
  });
});
