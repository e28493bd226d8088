import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AuditRecord } from 'passport-jwe/audit';
import { createMetrics } from '../../examples/gateway/observability/metrics.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

const metrics = createMetrics();
let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  gateway = await startModelGateway({
    keys: { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) },
    environment: { METRICS_PORT: '0' },
    observers: { metrics },
    sinks: [metrics.sink],
  });
  token = await gateway.tokenOf('demo');
});

afterAll(() => gateway.close());

const get = (path: string, bearer = token): Promise<Response> =>
  fetch(gateway.origin + path, { headers: { Authorization: `Bearer ${bearer}` } });

async function read(): Promise<string> {
  return (await fetch(`${gateway.metricsOrigin}/metrics`)).text();
}

async function chat(content: string): Promise<void> {
  const answer = await fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'echo-1', messages: [{ role: 'user', content }] }),
  });
  await answer.text();
}

test('requests are counted by matched route, regardless of their paths', async () => {
  await get('/v1/models/echo-1');
  await get('/V1/models/other');
  await get('/v1/nowhere/1');
  await get('/nowhere/2');
  const text = await read();

  expect(text).toContain('gateway_http_requests_total{route="/v1/models/:id",method="GET",status="200"} 1');
  expect(text).toContain('gateway_http_requests_total{route="/v1/models/:id",method="GET",status="404"} 1');
  expect(text).toContain('gateway_http_requests_total{route="/v1",method="GET",status="404"} 1');
  expect(text).toContain('gateway_http_requests_total{route="other",method="GET",status="404"} 1');
  expect(text).toMatch(/gateway_http_request_duration_seconds_count\{route="\/v1\/models\/:id"\} 2/);
});

test('rejections are counted by code and reason, and tokens by type', async () => {
  await get('/v1/models', `${token}x`);
  await get('/documents');
  const text = await read();

  expect(text).toMatch(/gateway_rejections_total\{code="ERR_INVALID_TOKEN",reason="(?!none)[a-z0-9_]+"\} 1/);
  expect(text).toContain('gateway_rejections_total{code="ERR_INSUFFICIENT_SCOPE",reason="none"} 1');
  expect(text).toContain('gateway_tokens_issued_total{token_type="tiered_model_exec"} 1');
});

test.each([
  ['accepted', () => token],
  ['refused', () => `${token}x`],
])('the authentication of a token that is %s is measured', async (_verdict, bearer) => {
  const timed = async (): Promise<number> =>
    Number(/gateway_authentication_duration_seconds_count (\d+)/.exec(await read())?.[1]);
  const before = await timed();
  await get('/documents', bearer());
  await get('/v1/models', bearer());

  expect(await timed()).toBe(before + 2);
});

test('a client that disconnects before the response is counted without a status', async () => {
  const leaving = request(`${gateway.origin}/oauth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '100' },
  });
  leaving.on('error', () => {});
  leaving.write('grant_type=');
  await once(leaving, 'socket');
  await get('/healthz');
  leaving.destroy();
  const line = 'gateway_http_requests_total{route="/oauth/token",method="POST",status="none"} 1';
  const leftAt = performance.now();

  while (!(await read()).includes(line)) expect(performance.now() - leftAt).toBeLessThan(5000);
});

test('used model tokens are counted', async () => {
  await chat('one two three');
  await chat('!status=500');
  const text = await read();

  expect(text).toContain('gateway_model_tokens_total{model="echo-1",kind="input"} 3');
  expect(text).toContain('gateway_model_tokens_total{model="echo-1",kind="output"} 3');
  expect(text).toContain('gateway_completions_total{model="echo-1",outcome="completed"} 1');
  expect(text).toContain('gateway_completions_total{model="echo-1",outcome="refused"} 1');
});

test.each([
  'gateway_authentication_duration_seconds_count',
  'gateway_revocations_age_seconds 0',
  'gateway_admissions_running 0',
  'gateway_revocations_fill_ratio 0',
  'gateway_revocations_client_fill_ratio 0',
  'gateway_configuration_problems 0',
  'gateway_limits_degraded 0',
  'gateway_revocations_unreachable 0',
  'gateway_key_source_failed 0',
  'nodejs_eventloop_lag_p99_seconds',
])('%s is exported', async (metric) => {
  expect(await read()).toContain(metric);
});

const time = '2030-01-01T00:00:00Z';
const outage = { reason: 'timeout', advice: 'Wait' } as const;

test.each<[string, AuditRecord, AuditRecord]>([
  [
    'gateway_limits_degraded',
    { type: 'limits.degraded', policy: 'deny', ...outage, time },
    { type: 'limits.restored', time },
  ],
  [
    'gateway_revocations_unreachable',
    { type: 'store.unreachable', ...outage, time },
    { type: 'store.reachable', time },
  ],
  [
    'gateway_key_source_failed',
    { type: 'key_source.failed', source: 'file', reason: 'malformed', time },
    { type: 'key_source.reachable', source: 'file', time },
  ],
])('%s is 1 from the outage to its end', async (name, begun, ended) => {
  const { registry, sink } = createMetrics();
  await sink.write(begun);
  expect(await registry.metrics()).toContain(`${name} 1`);
  await sink.write(ended);

  expect(await registry.metrics()).toContain(`${name} 0`);
});

test('observed state is read at each scrape, and unconfigured models are not named', async () => {
  const { registry, onCompletion, observe } = createMetrics();
  const state = { ageSeconds: 1, running: 2, problems: 3 };
  observe({
    replicaAgeSeconds: () => state.ageSeconds,
    revocationFill: () => ({ store: 0.25, client: 0.5 }),
    runningAdmissions: () => state.running,
    configurationProblems: () => state.problems,
    modelNames: () => ['echo-1'],
  });
  await registry.metrics();
  Object.assign(state, { ageSeconds: 4, running: 5, problems: 6 });
  const usage = { inputTokens: 7, outputTokens: 8, source: 'provider' } as const;
  const completion = { requestId: 'req_1', clientId: 'demo', ...usage, durationMs: 9 };
  const parts = { cachedTokens: 5, reasoningTokens: 6 };
  onCompletion({ ...completion, ...parts, model: 'echo-1', outcome: 'completed' });
  onCompletion({ ...completion, model: 'canary', outcome: 'client_left' });
  const text = await registry.metrics();

  expect(text).toContain('gateway_revocations_age_seconds 4');
  expect(text).toContain('gateway_revocations_fill_ratio 0.25');
  expect(text).toContain('gateway_revocations_client_fill_ratio 0.5');
  expect(text).toContain('gateway_admissions_running 5');
  expect(text).toContain('gateway_configuration_problems 6');
  expect(text).toContain('gateway_completions_total{model="echo-1",outcome="completed"} 1');
  expect(text).toContain('gateway_completions_total{model="other",outcome="client_left"} 1');
  expect(text).toContain('gateway_model_tokens_total{model="other",kind="output"} 8');
  expect(text).toContain('gateway_model_cached_tokens_total{model="echo-1"} 5');
  expect(text).toContain('gateway_model_reasoning_tokens_total{model="echo-1"} 6');
  expect(text).not.toContain('canary');
});

test('metrics are not served to clients, and their listener serves nothing else', async () => {
  expect((await get('/metrics')).status).toBe(404);
  expect((await fetch(`${gateway.metricsOrigin}/healthz`)).status).toBe(404);
});
