import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { callProvider } from '../../examples/gateway/models/call-provider.js';
import type { CompletionRecord } from '../../examples/gateway/models/completion-record.js';
import { openaiChat } from '../../examples/gateway/models/openai-chat.js';
import { estimateUnseen } from '../../examples/gateway/models/token-usage.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import {
  type RecordingUpstream,
  replyJson,
  replyStream,
  startRecordingUpstream,
  type UpstreamReply,
} from '../support/recording-upstream.js';

const ROUTES = { gpt: '/v1/chat/completions', claude: '/v1/messages', vectors: '/v1/embeddings' };
const MAX_TOKENS = 50;

/** The messages of a request, which are 36 characters of JSON. */
const messages = [{ role: 'user', content: 'Hello!' }];
const INPUT = 9;

let provider: RecordingUpstream;
let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  provider = await startRecordingUpstream();
  const models = Object.entries(ROUTES).map(
    ([name, path]) =>
      `{ name: ${name}, endpoint: "${provider.origin}${path}", api_key: pk, max_tokens: ${MAX_TOKENS} }`,
  );
  const small = modelKey(models).replace('tokens_per_minute: 10000000', 'tokens_per_minute: 10000');
  gateway = await startModelGateway({ keys: { demo: modelKey(models), small } });
  token = await gateway.tokenOf('demo');
});

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

async function post(
  model: keyof typeof ROUTES,
  body: object,
  reply: UpstreamReply,
): Promise<CompletionRecord | undefined> {
  provider.answer(reply);
  const answer = await fetch(gateway.origin + ROUTES[model], {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify({ model, max_tokens: MAX_TOKENS, ...body }),
  });
  await answer.text();
  return gateway.completions.at(-1);
}

/** Disconnects when the provider has received the request and, in a stream, sent its first event. */
async function leave(
  body: object,
  reply: UpstreamReply,
  bearer = token,
): Promise<CompletionRecord | undefined> {
  const settled = gateway.completions.length;
  provider.answer(reply);
  const sent = request(gateway.origin + ROUTES.claude, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${bearer}` },
  });
  sent.on('error', () => {});
  sent.end(JSON.stringify({ model: 'claude', max_tokens: MAX_TOKENS, ...body }));
  if ('stream' in body) {
    const [answer] = await once(sent, 'response');
    await once(answer, 'data');
  }
  while (provider.requests.length === 0) await pause(5);
  await pause(20);
  sent.destroy();
  while (gateway.completions.length === settled) await pause(5);
  return gateway.completions.at(-1);
}

const chunk = (fields: object): string => `data: ${JSON.stringify(fields)}\n\n`;
const event = (type: string, fields: object): string => `event: ${type}\n${chunk({ type, ...fields })}`;
const start = event('message_start', {
  message: { usage: { input_tokens: 5, cache_read_input_tokens: 30, output_tokens: 1 } },
});
const delta = (text: string): string => event('content_block_delta', { delta: { type: 'text_delta', text } });

describe('usage that the provider reports', () => {
  const usage = {
    ...{ prompt_tokens: 70, completion_tokens: 40, total_tokens: 110 },
    prompt_tokens_details: { cached_tokens: 60 },
    completion_tokens_details: { reasoning_tokens: 30 },
  };
  const counts = {
    inputTokens: 70,
    outputTokens: 40,
    cachedTokens: 60,
    reasoningTokens: 30,
    source: 'provider',
  };

  test('contains the cached and reasoning tokens of a chat', async () => {
    expect(await post('gpt', { messages }, replyJson({ choices: [], usage }))).toMatchObject(counts);

    const stream = replyStream(chunk({ choices: [], usage }), 'data: [DONE]\n\n');
    expect(await post('gpt', { messages, stream: true }, stream)).toMatchObject(counts);
  });

  test('contains the cached tokens of a message as a part of the input', async () => {
    const reply = {
      usage: {
        input_tokens: 5,
        cache_creation_input_tokens: 7,
        cache_read_input_tokens: 30,
        output_tokens: 9,
      },
    };

    expect(await post('claude', { messages }, replyJson(reply))).toMatchObject({
      ...{ inputTokens: 42, cachedTokens: 30, outputTokens: 9, source: 'provider' },
    });
  });

  test('contains reasoning that is counted in total_tokens only', async () => {
    const reply = { choices: [], usage: { ...usage, completion_tokens: 10 } };

    expect(await post('gpt', { messages }, replyJson(reply))).toMatchObject(counts);
  });

  test('is charged above the reservation', async () => {
    const reply = { choices: [], usage: { prompt_tokens: 500, completion_tokens: 600 } };

    expect(await post('gpt', { messages }, replyJson(reply))).toMatchObject({
      inputTokens: 500,
      outputTokens: 600,
    });
  });
});

describe('missing usage of a complete response', () => {
  const envelope = { system_fingerprint: 'f'.repeat(10_000) };

  test.each([
    [
      'gpt',
      { choices: [{ message: { content: 'a'.repeat(40) } }, { message: { content: 'b'.repeat(40) } }] },
      20,
    ],
    [
      'gpt',
      { choices: [{ message: { content: null, reasoning_content: 'r'.repeat(40), refusal: 'no' } }] },
      11,
    ],
    [
      'gpt',
      { choices: [{ message: { tool_calls: [{ function: { name: 'get', arguments: '{"a":1234}' } }] } }] },
      4,
    ],
    [
      'claude',
      { content: [{ type: 'thinking', thinking: 't'.repeat(40), signature: 's'.repeat(9999) }] },
      10,
    ],
    [
      'claude',
      {
        content: [
          { type: 'text', text: 'a'.repeat(8) },
          { type: 'tool_use', name: 'get', input: { a: 1 } },
        ],
      },
      5,
    ],
    ['gpt', { choices: [{ message: { content: 'a'.repeat(9999) } }] }, MAX_TOKENS],
  ] as const)('is estimated from its text: %s, %j', async (model, answer, outputTokens) => {
    expect(await post(model, { messages }, replyJson({ ...envelope, ...answer }))).toMatchObject({
      ...{ inputTokens: INPUT, outputTokens, source: 'estimate', outcome: 'completed' },
    });
  });

  test.each([
    { prompt_tokens: 12 },
    { prompt_tokens: 12, completion_tokens: -1 },
    { prompt_tokens: 12, completion_tokens: '9' },
  ])('is estimated for the output alone with %j', async (usage) => {
    const reply = replyJson({ usage, choices: [{ message: { content: 'a'.repeat(8) } }] });

    expect(await post('gpt', { messages }, reply)).toMatchObject({ inputTokens: 12, outputTokens: 2 });
  });

  test('of embeddings is the input, in which tokens are counted', async () => {
    expect(await post('vectors', { input: 'Hello!' }, replyJson({}))).toMatchObject({
      inputTokens: 2,
      outputTokens: 0,
    });
    expect(await post('vectors', { input: [[1, 23_456], [7]] }, replyJson({}))).toMatchObject({
      inputTokens: 3,
    });
  });
});

describe('a broken stream', () => {
  test.each([
    ['more than the emitted text', 40, { outputTokens: 40, source: 'provider' }],
    ['less than the emitted text', 2, { outputTokens: 3, source: 'estimate' }],
  ])('keeps the counts so far if the reported output is %s', async (_what, output_tokens, expected) => {
    const interim = event('message_delta', { usage: { output_tokens } });
    const broken = replyStream(start, delta('one'), delta('two'), interim, delta('three'));

    expect(await post('claude', { messages, stream: true }, broken)).toMatchObject({
      ...{ outcome: 'broken', inputTokens: 35, cachedTokens: 30, ...expected },
    });
  });

  test('charges nothing before any output', async () => {
    const error = event('error', { error: { type: 'overloaded_error', message: 'busy' } });

    expect(await post('claude', { messages, stream: true }, replyStream(error))).toMatchObject({
      ...{ outcome: 'broken', inputTokens: 0, outputTokens: 0 },
    });
  });

  test('of a chat is not charged less than its text if the provider reports interim counts', async () => {
    const text = (content: string) => ({
      choices: [{ index: 0, delta: { content } }],
      usage: { prompt_tokens: 6, completion_tokens: 1 },
    });
    const broken = replyStream(chunk(text('one')), chunk(text('two')));

    expect(await post('gpt', { messages, stream: true }, broken)).toMatchObject({
      inputTokens: 6,
      outputTokens: 2,
    });
  });

  test('is charged up to the reservation', async () => {
    const broken = replyStream(delta('a'.repeat(9999)));

    expect(await post('claude', { messages, stream: true }, broken)).toMatchObject({
      ...{ inputTokens: INPUT, outputTokens: MAX_TOKENS },
    });
  });
});

describe('a client that disconnects', () => {
  const left = { outcome: 'client_left' };

  test('while the provider processes the request is charged the input, and output by time', async () => {
    const record = await leave({ messages }, () => {});

    expect(record).toMatchObject({ ...left, inputTokens: INPUT, source: 'estimate' });
    expect(record?.outputTokens).toBeGreaterThan(0);
    expect(record?.outputTokens).toBeLessThanOrEqual(MAX_TOKENS);
  });

  test('during the response to a rejection is charged nothing', async () => {
    const rejects: UpstreamReply = (res) => void res.writeHead(400).write('{"error":');

    expect(await leave({ messages }, rejects)).toMatchObject({ ...left, inputTokens: 0, outputTokens: 0 });
  });

  test('during a stream is charged what the provider has reported and emitted', async () => {
    const stream: UpstreamReply = (res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write(start + delta('one') + delta('two'));
    };

    expect(await leave({ messages, stream: true }, stream)).toMatchObject({
      ...{ ...left, inputTokens: 35, cachedTokens: 30, outputTokens: 2 },
    });
  });

  test('before any output of a stream is charged like one before a complete response', async () => {
    const silent: UpstreamReply = (res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write(event('ping', {}));
    };
    const record = await leave({ messages, stream: true }, silent);

    expect(record).toMatchObject({ ...left, inputTokens: INPUT });
    expect(record?.outputTokens).toBeGreaterThan(0);
  });

  test('after the provider has reported the input, but before any output, is charged output by time', async () => {
    const thinking: UpstreamReply = (res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write(start);
    };
    const record = await leave({ messages, stream: true }, thinking);

    expect(record).toMatchObject({ ...left, inputTokens: 35, cachedTokens: 30, source: 'estimate' });
    expect(record?.outputTokens).toBeGreaterThan(1);
    expect(record?.outputTokens).toBeLessThanOrEqual(MAX_TOKENS);
  });

  test('with an image of 1 MB does not lock its key', async () => {
    const small = await gateway.tokenOf('small');
    const source = { type: 'base64', media_type: 'image/png', data: 'A'.repeat(1024 * 1024) };
    const image = { messages: [{ role: 'user', content: [{ type: 'image', source }] }] };
    const records = [await leave(image, () => {}, small), await leave(image, () => {}, small)];

    expect(records.map((record) => record?.outcome)).toEqual(['client_left', 'client_left']);
    for (const record of records) expect(record?.inputTokens).toBeLessThan(1700);
  });

  test('while the gateway connects to the provider leaves a request that is not processed', async () => {
    let fail = (): void => {};
    const dispatcher = new Agent({
      connect: (_options, callback) => {
        fail = () => callback(new Error('no connection'), null);
      },
    });
    const leaving = new AbortController();
    const states: boolean[] = [];
    const endpoint = {
      endpoint: 'http://127.0.0.1:1',
      providerModel: 'm',
      headers: new Map(),
      query: new Map(),
      requestUsage: false,
    };
    const call = { endpoint, url: new URL(endpoint.endpoint), headers: {}, body: Buffer.from('{}') };
    const client = {
      signal: () => leaving.signal,
      onLeave: (listener: (reason: Error) => void) => {
        leaving.signal.addEventListener('abort', () => listener(leaving.signal.reason));
        if (leaving.signal.aborted) listener(leaving.signal.reason);
      },
      setProcessing: (isProcessing: boolean) => void states.push(isProcessing),
      setProviderRequestId: () => undefined,
    };
    const answer = callProvider(dispatcher, [() => call], client, {
      mayRetry: true,
      onExhausted: () => undefined,
    });
    leaving.abort();
    await new Promise(setImmediate);
    fail();

    await expect(answer).rejects.toThrow();
    expect(states).not.toContain(true);
    await dispatcher.destroy();
  });

  test.each([
    [0, 0],
    [1, 1],
    [1000, 200],
    [3_600_000, 4096],
  ])('after %d ms without output is charged %d output tokens, and the input', (elapsedMs, outputTokens) => {
    expect(estimateUnseen({ inputTokens: 7, outputTokens: 4096 }, elapsedMs)).toMatchObject({
      inputTokens: 7,
      outputTokens,
    });
  });

  test('during a chat with n is charged n times the output by time, up to the reservation', () => {
    const reserved = { inputTokens: 7, outputTokens: 4096 };

    expect(estimateUnseen(reserved, 1000, 8).outputTokens).toBe(1600);
    expect(estimateUnseen(reserved, 1000, 128).outputTokens).toBe(4096);
    expect(openaiChat.read({ model: 'm', messages, n: 8 }).choices).toBe(8);
  });
});
