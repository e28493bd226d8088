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

const exporter = new InMemorySpanExporter();
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;
let gateway: ModelGateway;

beforeAll(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  gateway = await startModelGateway({
    keys: { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) },
    environment: { TRUST_PROXY: '127.0.0.1' },
    observers: { tracing: await loadTracing() },
  });
});

afterAll(() => gateway.close());

async function chat(content: string): Promise<void> {
  const token = await gateway.tokenOf('demo');
  exporter.reset();
  const answer = await fetch(`${gateway.origin}/v1/chat/completions?secret=1`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      traceparent: PARENT,
    },
    body: JSON.stringify({ model: 'echo-1', messages: [{ role: 'user', content }] }),
  });
  await answer.text();
}

test('a request is a span in the trace of a trusted proxy, with a child span for the provider', async () => {
  await chat('hello');
  const [asked, request] = exporter.getFinishedSpans();

  expect(request?.name).toBe('POST /v1/chat/completions');
  expect(request?.attributes).toEqual({
    'http.request.method': 'POST',
    'url.path': '/v1/chat/completions',
    'http.route': '/v1/chat/completions',
    'http.response.status_code': 200,
  });
  expect(request?.spanContext().traceId).toBe(TRACE_ID);
  expect(request?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
  expect(asked?.name).toBe('ask echo-1');
  expect(asked?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
});

test('a request from another peer starts a new trace', async () => {
  const keys = { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) };
  const direct = await startModelGateway({ keys, observers: { tracing: await loadTracing() } });
  exporter.reset();
  await (await fetch(`${direct.origin}/nowhere`, { headers: { traceparent: PARENT } })).text();
  await direct.close();
  const [request] = exporter.getFinishedSpans();

  expect(request?.spanContext().traceId).not.toBe(TRACE_ID);
  expect(request?.parentSpanContext).toBeUndefined();
});

test('a path without a route does not name its span', async () => {
  exporter.reset();
  await (await fetch(`${gateway.origin}/nowhere/7`)).text();
  const [request] = exporter.getFinishedSpans();

  expect(request?.name).toBe('GET');
  expect(request?.attributes).toEqual({
    'http.request.method': 'GET',
    'url.path': '/nowhere/7',
    'http.response.status_code': 404,
  });
});

test('failures are marked', async () => {
  await chat('!status=500');

  expect(exporter.getFinishedSpans()[1]?.attributes['error.type']).toBe('502');
  expect(exporter.getFinishedSpans().map(({ status }) => status.code)).toEqual([
    SpanStatusCode.ERROR,
    SpanStatusCode.ERROR,
  ]);
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
