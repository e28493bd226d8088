import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRing, generateKeySet, openKeyRing } from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import { Registry } from 'prom-client';
import { createMetrics } from '../../examples/gateway/observability/metrics.js';
import { observeDisk } from '../../examples/gateway/observability/observe-disk.js';
import { observeKeys } from '../../examples/gateway/observability/observe-keys.js';
import { rejectionSeries } from '../../examples/gateway/observability/rejection-series.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { describeWithPrometheus, promtool } from '../support/prometheus.js';
import { secretOf } from '../support/tokens.js';

const time = '2030-01-01T00:00:00Z';
const metrics = createMetrics();
let gateway: ModelGateway;
let first = '';

const scrape = async (): Promise<string> => (await fetch(`${gateway.metricsOrigin}/metrics`)).text();

/** Names of time series, with their labels. */
const seriesOf = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^(gateway_\S+?(?:\{.*\})?) \S+$/gm)].map(([, name = '']) => name));

beforeAll(async () => {
  gateway = await startModelGateway({
    keys: { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) },
    environment: { METRICS_PORT: '0' },
    observers: { metrics },
    sinks: [metrics.sink],
  });
  first = await scrape();
});

afterAll(() => gateway.close());

test.each([
  'gateway_http_requests_total{route="/oauth/token",method="POST",status="200"} 0',
  'gateway_http_requests_total{route="/v1/messages",method="POST",status="502"} 0',
  'gateway_http_requests_total{route="/v1",method="POST",status="401"} 0',
  'gateway_http_request_duration_seconds_count{route="/v1/chat/completions"} 0',
  'gateway_completions_total{model="echo-1",outcome="completed"} 0',
  'gateway_completions_total{model="other",outcome="refused"} 0',
  'gateway_completion_duration_seconds_count{model="echo-1"} 0',
  'gateway_model_tokens_total{model="echo-1",kind="output"} 0',
  'gateway_model_cached_tokens_total{model="echo-1"} 0',
  'gateway_model_reasoning_tokens_total{model="echo-1"} 0',
  'gateway_tokens_issued_total{token_type="refresh"} 0',
  'gateway_rejections_total{code="ERR_RATE_LIMIT_EXCEEDED",reason="none"} 0',
  'gateway_rejections_total{code="ERR_INVALID_TOKEN",reason="revoked"} 0',
  'gateway_revocations_total{kind="api_key"} 0',
  'gateway_audit_failures_total 0',
  'gateway_key_usage_ratio 0',
  'gateway_ready{check="stores"} 1',
])('%s is present before the first request', (line) => {
  expect(first.split('\n')).toContain(line);
});

test('requests to routes of the gateway create no series', async () => {
  const headers = { Authorization: `Bearer ${await gateway.tokenOf('demo')}` };
  const post = { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' } };
  const body = JSON.stringify({ model: 'echo-1', messages: [{ role: 'user', content: 'hello' }] });
  await (await fetch(`${gateway.origin}/v1/chat/completions`, { ...post, body })).text();
  await (await fetch(`${gateway.origin}/v1/chat/completions`, { ...post, body: '{}' })).text();
  await (await fetch(`${gateway.origin}/v1/models`, { headers })).text();
  await (await fetch(`${gateway.origin}/v1/models`)).text();
  await (await fetch(`${gateway.origin}/documents`, { headers })).text();
  await (await fetch(`${gateway.origin}/nowhere`)).text();
  const revocation = new URLSearchParams({ token: 'x' });
  const revoked = { method: 'POST', headers: { 'X-API-Key': 'sk-demo' }, body: revocation };
  await (await fetch(`${gateway.origin}/oauth/revoke`, revoked)).text();
  const known = seriesOf(first);

  expect([...seriesOf(await scrape())].filter((name) => !known.has(name))).toEqual([]);
});

test('the build information contains the version of the gateway', async () => {
  const manifest = JSON.parse(
    await readFile(new URL('../../examples/gateway/package.json', import.meta.url), 'utf8'),
  );

  expect(first).toContain(`gateway_build_info{version="${manifest.version}"} 1`);
});

test('the free share of the disk with the embedded store is exported', () => {
  const ratio = Number(/^gateway_data_directory_free_ratio (\S+)$/m.exec(first)?.[1]);

  expect(ratio).toBeGreaterThan(0);
  expect(ratio).toBeLessThanOrEqual(1);
});

test('a directory that cannot be read does not fail a scrape', async () => {
  const registry = new Registry();
  observeDisk(registry, '/nowhere/at/all');

  expect(await registry.metrics()).toContain('gateway_data_directory_free_ratio');
});

test('series of rejections have every reason of tokens and DPoP proofs', async () => {
  const source = await readFile(new URL('../../src/base/rejections.ts', import.meta.url), 'utf8');
  const reasonsOf = (code: string) =>
    rejectionSeries().flatMap((labels) =>
      labels.code === code && labels.reason !== 'none' ? labels.reason : [],
    );
  const membersOf = (type: string) =>
    [...(new RegExp(`type ${type} =([^;]*);`).exec(source)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
      ([, name]) => name,
    );

  expect(reasonsOf('ERR_INVALID_TOKEN').sort()).toEqual(membersOf('TokenRejection').sort());
  expect(reasonsOf('ERR_INVALID_DPOP_PROOF').sort()).toEqual(membersOf('DpopRejection').sort());
});

describe('the share of the encryption limit', () => {
  const shareAfter = async (...records: readonly AuditRecord[]): Promise<string | undefined> => {
    const { registry, sink } = createMetrics();
    for (const record of records) await sink.write(record);
    return /^gateway_key_usage_ratio (\S+)$/m.exec(await registry.metrics())?.[1];
  };
  const high: AuditRecord = { type: 'key.usage_high', kid: 'one', used: 6, limit: 8, time };

  test('is exported once it is high', async () => {
    expect(await shareAfter(high)).toBe('0.75');
  });

  test('is 1 for an exhausted key', async () => {
    expect(await shareAfter(high, { type: 'key.exhausted', kid: 'one', limit: 8, time })).toBe('1');
  });

  test('is 0 after a rotation, and not before', async () => {
    const changed = { type: 'key_ring.changed', previous: [], time } as const;

    expect(await shareAfter(high, { ...changed, current: 'one' })).toBe('0.75');
    expect(await shareAfter(high, { ...changed, current: 'two' })).toBe('0');
  });
});

describe('key versions', () => {
  test('are exported with their state, their start and their expiry', async () => {
    const registry = new Registry();
    const now = 1_900_000_000;
    const [jwk] = generateKeySet(now - 100).keys;
    const next = { ...generateKeySet(now).keys[0], kid: 'new' };
    const set = { keys: [{ ...jwk, kid: 'old', exp: now + 50 }, next] };
    const keyRing = await openKeyRing({ source: { name: 'test', load: async () => set }, clock: () => now });
    observeKeys(registry, keyRing);
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('gateway_key'));
    await keyRing.close();

    expect(lines).toEqual([
      `gateway_key_not_before_timestamp_seconds{kid="old",state="retiring"} ${now - 100}`,
      `gateway_key_not_before_timestamp_seconds{kid="new",state="current"} ${now}`,
      `gateway_key_expires_timestamp_seconds{kid="old",state="retiring"} ${now + 50}`,
    ]);
  });

  test('are not exported for keys from a passphrase', async () => {
    const registry = new Registry();
    observeKeys(registry, await createKeyRing({ current: { secret: secretOf(1) } }));

    expect(await registry.metrics()).toBe('\n');
  });
});

test('records that an audit sink does not accept are counted', async () => {
  const { registry, onSinkError } = createMetrics();
  onSinkError();

  expect(await registry.metrics()).toContain('gateway_audit_failures_total 1');
});

describeWithPrometheus('promtool', () => {
  test('finds no fault in the names and types of the metrics', () => {
    const own = first.split('\n').filter((line) => /^(?:# \w+ )?gateway_/.test(line));

    expect(promtool(['check', 'metrics'], `${own.join('\n')}\n`)).toEqual({ code: 0, output: '' });
  });

  test('finds faults in metrics that break the conventions', () => {
    const text =
      '# HELP gateway_wait_milliseconds Wait\n# TYPE gateway_wait_milliseconds counter\ngateway_wait_milliseconds 1\n';

    expect(promtool(['check', 'metrics'], text).code).not.toBe(0);
  });
});
