import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { loadTracing } from '../../examples/gateway/observability/tracing.js';
import { headOf, open, until } from '../support/connections.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.js';

const exporter = new InMemorySpanExporter();
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
let gateway: ModelGateway;
let provider: RecordingUpstream;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  provider = await startRecordingUpstream();
  gateway = await startModelGateway({
    keys: {
      demo: modelKey([
        '{ name: echo-1, endpoint: "echo:" }',
        `{ name: far-1, endpoint: "${provider.origin}/v1/chat/completions", api_key: pk-canary }`,
      ]),
    },
    environment: { TRUST_PROXY: 'loopback' },
    observers: { tracing: await loadTracing() },
  });
});

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const ofKind = (kind: SpanKind) => exporter.getFinishedSpans().filter((span) => span.kind === kind);

async function chat(content: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const token = await gateway.tokenOf('demo');
  exporter.reset();
  const answer = await fetch(`${gateway.origin}/v1/chat/completions?secret=1`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      traceparent: PARENT,
    },
    body: JSON.stringify({ model: 'echo-1', messages: [{ role: 'user', content }], ...more }),
  });
  await answer.text();
  await until(() => exporter.getFinishedSpans().length === 2);
}

test('a request is a span in the trace of a trusted proxy, with a child span for the provider', async () => {
  await chat('hello');
  const [request] = ofKind(SpanKind.SERVER);
  const [asked] = ofKind(SpanKind.CLIENT);

  expect(request?.name).toBe('POST /v1/chat/completions');
  expect(request?.attributes).toEqual({
    'http.request.method': 'POST',
    'url.scheme': 'http',
    'url.path': '/v1/chat/completions',
    'http.route': '/v1/chat/completions',
    'http.response.status_code': 200,
  });
  expect(request?.spanContext().traceId).toBe(TRACE_ID);
  expect(request?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  expect(asked?.name).toBe('chat echo-1');
  expect(asked?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
});

test.each([
  ['complete', {}],
  ['streamed', { stream: true, stream_options: { include_usage: true } }],
])('the span of a %s chat has the usage and no content', async (_kind, more) => {
  await chat('canary two three !cached=2', more);
  const [asked] = ofKind(SpanKind.CLIENT);

  expect(asked?.attributes).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'echo-1',
    'gen_ai.usage.input_tokens': 4,
    'gen_ai.usage.output_tokens': 3,
    'gen_ai.usage.cache_read.input_tokens': 2,
  });
  expect(asked?.status.code).toBe(SpanStatusCode.UNSET);
});

test('a request from a client without a trusted proxy starts a trace that links to the trace of the client', async () => {
  const direct = await startModelGateway({
    keys: { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) },
    observers: { tracing: await loadTracing() },
  });
  exporter.reset();
  const headers = { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` };
  await (await fetch(`${direct.origin}/nowhere`, { headers })).text();
  await until(() => exporter.getFinishedSpans().length === 1);
  const [request] = ofKind(SpanKind.SERVER);
  await direct.close();

  expect(request?.spanContext().traceId).not.toBe(TRACE_ID);
  expect(request?.parentSpanContext).toBeUndefined();
  expect(request?.links.map(({ context: linked }) => linked.traceId)).toEqual([TRACE_ID]);
});

test('a path without a route does not name its span, and is not recorded', async () => {
  exporter.reset();
  await (await fetch(`${gateway.origin}/nowhere/7`)).text();
  const [request] = exporter.getFinishedSpans();

  expect(request?.name).toBe('GET');
  expect(request?.attributes).toEqual({
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'url.path': '/REDACTED',
    'http.response.status_code': 404,
  });
});

test('failures are marked', async () => {
  await chat('!status=500');

  expect(ofKind(SpanKind.SERVER)[0]?.attributes['error.type']).toBe('502');
  expect(ofKind(SpanKind.CLIENT)[0]?.attributes['error.type']).toBe('502');
  expect(ofKind(SpanKind.CLIENT)[0]?.events).toEqual([]);
  expect(exporter.getFinishedSpans().map(({ status }) => status.code)).toEqual([
    SpanStatusCode.ERROR,
    SpanStatusCode.ERROR,
  ]);
});

test('a stream that ends early marks the span of the model, and not that of the request', async () => {
  await chat('one two three !cut=1', { stream: true });

  expect(ofKind(SpanKind.CLIENT)[0]?.status.code).toBe(SpanStatusCode.ERROR);
  expect(ofKind(SpanKind.CLIENT)[0]?.attributes['error.type']).toBe('stream_broken');
  expect(ofKind(SpanKind.SERVER)[0]?.status.code).toBe(SpanStatusCode.UNSET);
});

test('a provider receives no context of the trace, and its errors are not in the spans', async () => {
  provider.answer((res) => {
    res.writeHead(400, { 'Content-Type': 'application/json' });
    res.end('{"error":{"message":"canary-message","type":"canary-type","code":"canary-code"}}');
  });
  await chat('hello', { model: 'far-1' });
  const spans = exporter.getFinishedSpans().map(({ name, attributes, events, status }) => ({
    ...{ name, attributes, events, status },
  }));

  expect(provider.requests).toHaveLength(1);
  expect(Object.keys(provider.requests[0]?.headers ?? {})).not.toContain('traceparent');
  expect(ofKind(SpanKind.CLIENT)[0]?.attributes['error.type']).toBe('400');
  expect(JSON.stringify(spans)).not.toContain('canary');
});

test('a client that disconnects during a stream does not mark the span of the model as failed', async () => {
  const token = await gateway.tokenOf('demo');
  exporter.reset();
  const leaving = new AbortController();
  const answer = await fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      ...{ model: 'echo-1', stream: true },
      messages: [{ role: 'user', content: '!pace=20 !times=1000 a' }],
    }),
  });
  await answer.body?.getReader().read();
  leaving.abort();
  await until(() => ofKind(SpanKind.CLIENT).length === 1);

  expect(ofKind(SpanKind.CLIENT)[0]?.status.code).toBe(SpanStatusCode.UNSET);
});

test('a client that disconnects before the response does not mark the span of the model as failed', async () => {
  const token = await gateway.tokenOf('demo');
  exporter.reset();
  provider.answer(() => {});
  const leaving = new AbortController();
  const left = fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'far-1', messages: [{ role: 'user', content: 'hello' }] }),
  }).catch(() => 'left');
  await until(() => provider.requests.length === 1);
  leaving.abort();
  expect(await left).toBe('left');
  await until(() => ofKind(SpanKind.CLIENT).length === 1);

  expect(ofKind(SpanKind.CLIENT)[0]?.status.code).toBe(SpanStatusCode.UNSET);
});

test('a pipelined request whose connection closes ends its span, without a status', async () => {
  const token = await gateway.tokenOf('demo');
  exporter.reset();
  const body = JSON.stringify({
    ...{ model: 'echo-1', stream: true },
    messages: [{ role: 'user', content: '!pace=20 !times=1000 a' }],
  });
  const headers = [`Authorization: Bearer ${token}`, 'Content-Type: application/json'];
  const chat = headOf('POST', '/v1/chat/completions', [...headers, `Content-Length: ${body.length}`]) + body;
  const { socket } = await open(Number(new URL(gateway.origin).port));
  socket.write(chat + headOf('GET', '/nowhere', []).repeat(2));
  socket.once('data', () => socket.resetAndDestroy());
  const spans = () => exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.SERVER);
  await until(() => spans().length === 3);
  const queued = spans().filter(({ name }) => name === 'GET');

  expect(queued.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([
    undefined,
    undefined,
  ]);
});
