import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import express from 'express';
import { relayStream } from '../../examples/gateway/models/relay-stream.js';
import { EventSplitter, withData } from '../../examples/gateway/models/split-events.js';
import { NOTHING } from '../../examples/gateway/models/token-usage.js';
import { listen } from '../support/http.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { type RecordingUpstream, replyJson, startRecordingUpstream } from '../support/recording-upstream.js';

let provider: RecordingUpstream;
let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  provider = await startRecordingUpstream();
  const model = (name: string, path: string): string =>
    `{ name: ${name}, endpoint: "${provider.origin}/v1/${path}", api_key: pk }`;
  gateway = await startModelGateway({
    keys: { demo: modelKey([model('gpt', 'chat/completions'), model('claude', 'messages')]) },
  });
  token = await gateway.tokenOf('demo');
});

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

function openStream(model: 'gpt' | 'claude', isStream = true): Promise<Response> {
  const route = model === 'gpt' ? '/v1/chat/completions' : '/v1/messages';
  return fetch(gateway.origin + route, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify({
      ...{ model, stream: isStream, max_tokens: 99, messages: [{ role: 'user', content: 'Hi' }] },
    }),
  });
}

async function stream(model: 'gpt' | 'claude', isStream = true): Promise<string> {
  return (await openStream(model, isStream)).text();
}

const reply = (body: Buffer | string, encoding?: string, type = 'text/event-stream') =>
  provider.answer((res) => {
    res.setHeader('Content-Type', type);
    if (encoding !== undefined) res.setHeader('Content-Encoding', encoding);
    res.end(body);
  });

const chunk = (choice: object): string => `data: ${JSON.stringify({ choices: [choice] })}\n\n`;
const HELLO = chunk({ index: 0, delta: { content: 'Hello' }, finish_reason: null });
const STOP = chunk({ index: 0, delta: {}, finish_reason: 'stop' });

describe('a stream', () => {
  test('passes byte for byte, with comments, id, retry, CRLF and large integers', async () => {
    const text =
      ': OPENROUTER PROCESSING\n\nid: 7\r\nretry: 3000\r\n\r\ndata:{"choices":[],  "id":9007199254740993}\rid:8\r\r' +
      'event: x\ndata: {"a":\ndata: 1}\nunknown: y\n\ndata: [DONE]\n\n';
    reply(text);

    expect(await stream('gpt')).toBe(text);
  });

  test('has a media type in any case', async () => {
    reply('data: [DONE]\n\n', undefined, 'Text/Event-Stream');

    expect(await stream('gpt')).toBe('data: [DONE]\n\n');
  });

  test('without [DONE] is whole if all choices are finished', async () => {
    reply(HELLO + STOP);

    expect(await stream('gpt')).toBe(HELLO + STOP);
    expect(gateway.completions.at(-1)?.outcome).toBe('completed');
  });

  test.each([
    ['no choice', ''],
    ['one choice', HELLO],
    ['one of two choices', chunk({ index: 1, delta: {}, finish_reason: null }) + STOP],
  ])('without [DONE] is broken with %s that is not finished', async (_what, text) => {
    reply(text);

    expect(await stream('gpt')).toContain('"code":"provider_failed"');
    expect(gateway.completions.at(-1)?.outcome).toBe('broken');
  });

  test('keeps the type of an error, and not its message', async () => {
    const error = { type: 'overloaded_error', message: 'canary' };
    reply(`event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`);
    const text = await stream('claude');

    expect(text).toContain('"type":"overloaded_error"');
    expect(text).not.toContain('canary');
  });

  test.each(['"canary"', '["canary"]', '{"type":"canary sk-1"}'])(
    'ends with an error of the gateway if the error of the provider is %s',
    async (error) => {
      reply(`data: {"error":${error}}\n\ndata: [DONE]\n\n`);
      const text = await stream('gpt');

      expect(text).toContain('"type":"api_error"');
      expect(text).not.toContain('canary');
    },
  );

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('and a whole answer are decoded if the provider encodes them as %s', async (encoding, encode) => {
    reply(encode(`${HELLO}data: [DONE]\n\n`), encoding);
    expect(await stream('gpt')).toBe(`${HELLO}data: [DONE]\n\n`);
    expect(provider.requests[0]?.headers['accept-encoding']).toBe('identity');

    reply(encode('{"usage":{}, "id":1}'), encoding, 'application/json');
    expect(await stream('gpt', false)).toBe('{"usage":{}, "id":1}');
  });

  test('with an unknown or a broken encoding is a failure of the provider', async () => {
    reply(HELLO, 'compress');
    expect(await stream('gpt')).toContain('provider_failed');

    reply(gzipSync(HELLO).subarray(0, 20), 'gzip');
    expect(await stream('gpt')).toContain('provider_failed');
  });

  test('ends as JSON if the provider did not stream', async () => {
    provider.answer(replyJson({}));

    expect(await stream('gpt')).toContain('provider_failed');
  });

  test('starts with the headers, before its first event', async () => {
    const held: ServerResponse[] = [];
    provider.answer((res) => {
      held.push(res);
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    });
    const answer = await openStream('gpt');
    expect(answer.status).toBe(200);

    held[0]?.end('data: [DONE]\n\n');
    expect(await answer.text()).toBe('data: [DONE]\n\n');
  });

  test('sends events that arrive with the headers together with its headers', async () => {
    const { text, flushes } = await relay([Buffer.from('data: 1\n\n')]);

    expect(text).toBe('data: 1\n\n');
    expect(flushes).toBe(0);
  });

  test('leaves the connection open to a provider that sends more after the last event', async () => {
    const ports = new Set<number | undefined>();
    provider.answer((res, req) => {
      ports.add(req.socket.remotePort);
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write('data: [DONE]\n\n', () => setTimeout(() => res.end(`: ${'a'.repeat(200_000)}\n\n`), 20));
    });
    for (let request = 0; request < 3; request += 1) {
      await stream('gpt');
      await pause(60);
    }

    expect(ports.size).toBe(1);
  });

  test('ends the request to a provider that does not end its response within a second', async () => {
    let closed: Promise<unknown> | undefined;
    provider.answer((res) => {
      closed = once(res, 'close');
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write('data: [DONE]\n\n');
    });
    await stream('gpt');
    const startedAt = performance.now();
    await closed;

    expect(performance.now() - startedAt).toBeLessThan(1500);
  });

  test('receives comments during silence', async () => {
    const silent = async function* () {
      await pause(120);
      yield Buffer.from('data: 1\n\n');
    };
    const { text } = await relay(silent(), { keepAliveMs: 30 });

    expect(text).toMatch(/^(: keep-alive\n\n)+data: 1\n\n$/);
  });
});

/** Relays a stream of one event. Counts how often its headers were sent alone. */
async function relay(source: Iterable<Buffer> | AsyncIterable<Buffer>, { keepAliveMs = 15_000 } = {}) {
  let flushes = 0;
  const app = express();
  app.get('/', async (_req, res) => {
    const flushHeaders = jest.spyOn(res, 'flushHeaders');
    let isComplete = false;
    const meter = {
      relay(event: { readonly raw: string }): string {
        isComplete = true;
        return event.raw;
      },
      get isComplete() {
        return isComplete;
      },
      awaitsOutput: false,
      usage: NOTHING,
    };
    const { signal } = new AbortController();
    await relayStream({ body: Readable.from(source), res, meter, signal, keepAliveMs });
    flushes = flushHeaders.mock.calls.length;
    res.end();
  });
  const server = createServer(app);
  const port = await listen(server);
  const text = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  server.close();
  return { text, flushes };
}

describe('EventSplitter', () => {
  const TEXT = ': c\n\ndata: a\r\ndata: b\r\n\r\nevent: e\rdata\r\rdata: é\n\n\nid: 1\n\ndata: last';

  test('finds the same events at any packet boundary', () => {
    const split = (parts: readonly string[]) => {
      const splitter = new EventSplitter();
      const events = parts.flatMap((part) => splitter.push(part));
      return [...events, ...splitter.finish()];
    };
    const whole = split([TEXT]);
    const different = Array.from({ length: TEXT.length }, (_, at) => [TEXT.slice(0, at), TEXT.slice(at)])
      .map(split)
      .filter((events) => JSON.stringify(events) !== JSON.stringify(whole));

    expect(whole.map(({ data }) => data)).toEqual([undefined, 'a\nb', '', 'é', undefined, 'last']);
    expect(split([...TEXT])).toEqual(whole);
    expect(different).toEqual([]);
  });

  test('takes linear time for a long event in small packets', () => {
    const splitter = new EventSplitter();
    const packet = 'a'.repeat(256);
    splitter.push('data: ');
    const startedAt = performance.now();
    for (let at = 0; at < 8192; at += 1) splitter.push(packet);
    const [event] = splitter.push('\n\n');

    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(event?.data).toHaveLength(8192 * packet.length);
  });

  test('rejects an event of more than 8 MiB', () => {
    const splitter = new EventSplitter();
    const packet = 'a'.repeat(1024 * 1024);
    for (let at = 0; at < 8; at += 1) splitter.push(packet);

    expect(() => splitter.push('a')).toThrow('too long');
  });

  test('withData() prefixes each line of the data', () => {
    const [event] = new EventSplitter().push('data: a\n\n');

    expect(withData(event ?? { raw: '' }, '{\n"a":1}')).toBe('data: {\ndata: "a":1}\n\n');
  });

  test('withData() replaces the data, and keeps the other lines', () => {
    const [event] = new EventSplitter().push('id: 1\r\ndata: a\r\n: c\r\ndata: b\r\n\r\n');

    expect(withData(event ?? { raw: '' }, 'new')).toBe('id: 1\ndata: new\n: c\n\n');
  });
});
