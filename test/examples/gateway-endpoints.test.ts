import * as zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { loadFiles } from '../support/api-key-files.js';
import { rejectionOf } from '../support/caught.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { readPageBlocks } from '../support/page-blocks.js';
import {
  type RecordingUpstream,
  replyJson,
  replyStream,
  startRecordingUpstream,
  type UpstreamReply,
} from '../support/recording-upstream.js';

const AZURE_KEY = 'az-canary-0123456789';
const BEARER_KEY = `${AZURE_KEY}-longer`;

let first: RecordingUpstream;
let second: RecordingUpstream;
let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  [first, second] = await Promise.all([startRecordingUpstream(), startRecordingUpstream()]);
  const endpoint = (origin: string, path: string, more: string): string =>
    `endpoint: "${origin}${path}", ${more}`;
  const chatAt = (origin: string, more: string): string => endpoint(origin, '/v1/chat/completions', more);
  const azure = `headers: { Api-Key: ${AZURE_KEY} }, query: { api-version: "2024-10-21" }`;
  const bearer = `headers: { Authorization: Bearer ${BEARER_KEY}, X-Other: ${AZURE_KEY} }`;
  gateway = await startModelGateway({
    keys: {
      demo: modelKey(
        [
          `{ name: alias, ${chatAt(first.origin, 'api_key: pk, provider_model: "vendor/gpt 5"')} }`,
          `{ name: azure, ${endpoint(first.origin, '/openai/deployments/d/chat/completions?a=1', azure)} }`,
          `{ name: bearer, ${chatAt(first.origin, bearer)} }`,
          `{ name: both, max_tokens: 50, endpoints: [{ ${chatAt(first.origin, 'api_key: pk-chat, token_limit_member: max_tokens')} }, { ${endpoint(second.origin, '/v1/messages', 'api_key: pk-messages, provider_model: claude')} }] }`,
          `{ name: pair, endpoints: [{ ${chatAt(first.origin, 'api_key: pk-1, timeout_ms: 300')} }, { ${chatAt(second.origin, 'api_key: pk-2, provider_model: spare')} }] }`,
          `{ name: gone, endpoints: [{ ${chatAt('http://127.0.0.1:1', 'api_key: pk-1')} }, { ${chatAt(second.origin, 'api_key: pk-2')} }] }`,
          `{ name: idle, ${chatAt(first.origin, 'api_key: pk, timeout_ms: 5000, idle_timeout_ms: 200')} }`,
        ],
        ', tokens_per_month: 100000000',
      ),
    },
  });
  token = await gateway.tokenOf('demo');
});

afterAll(async () => {
  await gateway.close();
  await Promise.all([first.close(), second.close()]);
});

const MESSAGES = '"messages" : [{"role":"user","content":"Hi"}]';

async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(gateway.origin + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}`, ...headers },
    body,
  });
}

const chat = (model: string, more = ''): Promise<Response> =>
  post('/v1/chat/completions', `{ "model" : "${model}", ${MESSAGES}${more} }`);

const answered = replyJson({ usage: { prompt_tokens: 1, completion_tokens: 1 } });

describe('a model with provider_model', () => {
  test('is listed by its name, and reaches the provider by the name of the provider', async () => {
    first.answer(answered);
    const list = await fetch(`${gateway.origin}/v1/models`, {
      headers: { Authorization: `Bearer ${token}` },
    });

    expect((await chat('alias', ',"seed":9007199254740993')).status).toBe(200);
    expect(first.requests[0]?.body).toBe(`{ "model" : "vendor/gpt 5", ${MESSAGES},"seed":9007199254740993 }`);
    expect(gateway.completions.at(-1)?.model).toBe('alias');
    expect(await list.text()).not.toContain('vendor');
  });
});

test('the list has the models in the order of the file', async () => {
  const list = await fetch(`${gateway.origin}/v1/models`, { headers: { Authorization: `Bearer ${token}` } });
  const { data } = await list.json();

  expect(data.map(({ id }: { id: string }) => id)).toEqual([
    ...['alias', 'azure', 'bearer', 'both', 'pair', 'gone', 'idle'],
  ]);
});

describe('a model with headers and query', () => {
  test('sends both, and no Authorization header', async () => {
    first.answer(answered);
    await post('/v1/chat/completions', `{"model":"azure",${MESSAGES}}`, { 'X-Other': 'canary' });
    const [request] = first.requests;

    expect(request?.path).toBe('/openai/deployments/d/chat/completions?a=1&api-version=2024-10-21');
    expect(request?.headers).toMatchObject({ 'api-key': AZURE_KEY });
    expect(request?.headers.authorization).toBeUndefined();
    expect(request?.headers['x-other']).toBeUndefined();
  });

  test('removes the values of the headers from messages of the provider', async () => {
    first.answer(replyJson({ error: { message: `Bad ${AZURE_KEY}` } }, 400));

    expect(await (await chat('azure')).json()).toMatchObject({ error: { message: 'Bad [secret]' } });
  });

  test('removes the values of the query from messages of the provider', async () => {
    first.answer(replyJson({ error: { message: 'Bad 2024-10-21 for 1' } }, 400));

    expect(await (await chat('azure')).json()).toMatchObject({ error: { message: 'Bad [secret] for 1' } });
  });

  test('removes the credentials of Authorization without the scheme, also if another secret is their beginning', async () => {
    first.answer(replyJson({ error: { message: `Bad ${BEARER_KEY}`, code: BEARER_KEY } }, 400));

    expect(await (await chat('bearer')).json()).toMatchObject({
      error: { message: 'Bad [secret]', code: '[secret]' },
    });
  });
});

describe('a model with endpoints of several formats', () => {
  test('sends each request to the endpoint of its format', async () => {
    first.answer(answered);
    second.answer(replyJson({ usage: {} }));
    await chat('both');
    await post('/v1/messages', `{"model":"both","max_tokens":90,${MESSAGES}}`);

    expect(first.requests.map(({ body }) => body)).toEqual([
      `{ "model" : "both", ${MESSAGES} ,"max_tokens":50}`,
    ]);
    expect(second.requests.map(({ path, body }) => [path, body])).toEqual([
      ['/v1/messages', `{"model":"claude","max_tokens":50,${MESSAGES}}`],
    ]);
    expect(second.requests[0]?.headers['x-api-key']).toBe('pk-messages');
  });
});

describe('a model with several endpoints of one format', () => {
  const silent: UpstreamReply = () => {};
  const reset: UpstreamReply = (res) => void res.destroy();

  test.each([
    ['fails', replyJson({}, 500)],
    ['is overloaded', replyJson({}, 503)],
    ['limits the rate', replyJson({}, 429, { 'Retry-After': '60' })],
    ['closes the connection', reset],
    ['does not respond in time', silent],
  ])('uses the second endpoint if the first one %s', async (_what, reply) => {
    first.answer(reply);
    second.answer(answered);

    expect((await chat('pair')).status).toBe(200);
    expect(first.requests).toHaveLength(1);
    expect(second.requests.map(({ body, headers }) => [body, headers.authorization])).toEqual([
      [`{ "model" : "spare", ${MESSAGES} }`, 'Bearer pk-2'],
    ]);
  });

  test('uses the second endpoint if the first one is unavailable', async () => {
    second.answer(answered);

    expect((await chat('gone')).status).toBe(200);
  });

  test.each([
    [400, 400],
    [401, 502],
    [404, 404],
    [422, 422],
  ])('returns a rejection of the first endpoint: %d as %d', async (status, expected) => {
    first.answer(replyJson({}, status));
    second.answer(answered);

    expect((await chat('pair')).status).toBe(expected);
    expect(second.requests).toHaveLength(0);
  });

  test('returns a rejection of the first endpoint with a body that is too long or broken', async () => {
    const long = replyJson({ error: { message: 'a'.repeat(100_000) } }, 400);
    const broken: UpstreamReply = (res) => {
      res.writeHead(400, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' }).end('{}');
    };
    second.answer(answered);
    for (const reply of [long, broken]) {
      first.answer(reply);

      expect((await chat('pair')).status).toBe(400);
    }
    expect(second.requests).toHaveLength(0);
  });

  test('returns a rejection in an unknown encoding with its status', async () => {
    first.answer(replyJson({ error: { message: 'canary' } }, 400, { 'Content-Encoding': 'compress' }));
    second.answer(answered);
    const answer = await chat('pair');

    expect([answer.status, second.requests.length]).toEqual([400, 0]);
    expect(await answer.text()).toContain('The provider of this model rejected the request');
  });

  test('uses the second endpoint if the first one responds in an unknown encoding', async () => {
    first.answer(replyJson({}, 200, { 'Content-Encoding': 'compress' }));
    second.answer(answered);

    expect((await chat('pair')).status).toBe(200);
  });

  test('does not use the second endpoint after the first byte of a stream', async () => {
    first.answer(replyStream('data: {"choices":[]}\n\n'));
    second.answer(answered);

    expect(await (await chat('pair', ',"stream":true')).text()).toContain('provider_failed');
    expect(second.requests).toHaveLength(0);
  });

  test('retries all endpoints only if none can have processed the request', async () => {
    first.answer(replyJson({}, 503));
    second.answer(replyJson({}, 500));
    const { status } = await chat('pair');

    expect([status, first.requests.length, second.requests.length]).toEqual([502, 1, 1]);
  });
});

test.each([
  ['all fail alike', 'alias', [503], 503, 3],
  ['the last one fails differently', 'azure', [503, 500], 502, 2],
])(
  'the official client does not repeat the retries of the gateway if %s',
  async (_how, model, replies, status, calls) => {
    first.answer(...replies.map((each) => replyJson({}, each)));
    const client = new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey: token, maxRetries: 2 });
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const failure = await rejectionOf(client.chat.completions.create({ model, messages }));

    expect(failure).toMatchObject({ status });
    expect(first.requests).toHaveLength(calls);
  },
);

test('a client that ignores x-should-retry does not multiply the retries', async () => {
  first.answer(replyJson({}, 503));
  for (const _attempt of [1, 2, 3]) await chat('bearer');

  expect(first.requests).toHaveLength(5);
});

test('a failure that permits no retry does not suspend the retries of other requests', async () => {
  first.answer(replyJson({}, 500), replyJson({}, 503), answered);
  second.answer(replyJson({}, 503));

  expect([(await chat('pair')).status, (await chat('pair')).status]).toEqual([503, 200]);
});

test('the official client does not repeat requests to several endpoints', async () => {
  first.answer(replyJson({}, 500));
  second.answer(replyJson({}, 500));
  const client = new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey: token, maxRetries: 2 });
  const messages = [{ role: 'user' as const, content: 'Hi' }];
  const failure = await rejectionOf(client.chat.completions.create({ model: 'pair', messages }));

  expect(failure).toMatchObject({ status: 502 });
  expect([first.requests.length, second.requests.length]).toEqual([1, 1]);
});

test('the official client can retry after a single request to a provider', async () => {
  first.answer(replyJson({}, 500), answered);
  const client = new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey: token, maxRetries: 2 });
  await client.chat.completions.create({ model: 'alias', messages: [{ role: 'user', content: 'Hi' }] });

  expect(first.requests).toHaveLength(2);
});

test('a response in an encoding that the gateway cannot decode is a 502 that names the encoding, without retries', async () => {
  first.answer(replyJson({}, 200, { 'Content-Encoding': 'compress' }));
  const answer = await chat('alias');

  expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([502, 'false']);
  expect(await answer.text()).toContain('encoded the response with compress');
});

test('an encoding that could be a secret does not occur in the response', async () => {
  first.answer(replyJson({}, 200, { 'Content-Encoding': 'sk canary' }));

  expect(await (await chat('alias')).text()).toContain('encoded the response with an unknown encoding');
});

test('zstd is decoded if Node supports it, and otherwise named', async () => {
  // zstdCompressSync('{"usage":{}}')
  const frame = Buffer.from('KLUv/SAMYQAAeyJ1c2FnZSI6e319', 'base64');
  first.answer(
    (res) =>
      void res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'zstd' }).end(frame),
  );
  const text = await (await chat('alias')).text();

  if ('createZstdDecompress' in zlib) expect(text).toBe('{"usage":{}}');
  else expect(text).toContain('encoded the response with zstd');
});

test('idle_timeout_ms limits the wait for each part of a stream', async () => {
  first.answer((res) => void res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(':\n\n'));

  expect(await (await chat('idle', ',"stream":true')).text()).toContain('"type":"error"');
});

test('the models of the guide load', async () => {
  const blocks = await readPageBlocks(new URL('../../docs/guides/gateway.md', import.meta.url));
  const head = 'api_key: sk-1\nname: guide\ntype: tiered_model_exec\nrate_limits: {}\n';
  const variables = { AZURE_API_KEY: 'a', OPENAI_API_KEY: 'o', ANTHROPIC_API_KEY: 'c' };
  const registry = await loadFiles({ 'guide.yaml': head + blocks.get('gateway-models') }, variables);
  const [gpt] = registry.get('guide')?.models ?? [];

  expect(gpt?.endpoints.map(({ providerModel }) => providerModel)).toEqual(['gpt', 'gpt-5-mini']);
  expect(gpt?.endpoints[0]?.headers.get('api-key')?.reveal()).toBe('a');
});
