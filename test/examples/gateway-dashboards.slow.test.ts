import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { generateKeySet } from 'passport-jwe';
import { z } from 'zod';
import { GATEWAY } from '../support/deployment-files.js';
import { exchange, getDocuments, revoke } from '../support/gateway-programs.js';
import { modelKey } from '../support/model-gateway.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { describeWithPrometheus, type PrometheusServer, startPrometheus } from '../support/prometheus.js';

const DASHBOARDS = join(GATEWAY, 'deploy/grafana');
const RULES = join(GATEWAY, 'deploy/prometheus/rules.yaml');

const targetShape = z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() });
const panelShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('row'), id: z.number(), title: z.string() }),
  z.object({
    type: z.literal('timeseries'),
    id: z.number(),
    title: z.string(),
    description: z.string(),
    targets: z.array(targetShape).min(1),
  }),
]);
const dashboardShape = z.object({
  uid: z.string(),
  title: z.string(),
  templating: z.object({ list: z.array(z.object({ name: z.string() })) }),
  panels: z.array(panelShape),
});

const files = await readdir(DASHBOARDS);
const dashboards = await Promise.all(
  files.map(async (file) => dashboardShape.parse(JSON.parse(await readFile(join(DASHBOARDS, file), 'utf8')))),
);
const queries = dashboards.flatMap(({ title: dashboard, panels }) =>
  panels.flatMap((panel) =>
    panel.type === 'row'
      ? []
      : panel.targets.map(({ expr, legendFormat }): [string, string, string, string] => [
          dashboard,
          panel.title,
          legendFormat,
          expr,
        ]),
  ),
);

describe('the dashboards', () => {
  test('have different IDs, and panels with different IDs', () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    for (const { panels } of dashboards) expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  test('use only their variables', () => {
    const names = [...queries.join('\n').matchAll(/\$(\w+)/g)].map(([, name]) => name);

    expect([...new Set(names)].sort()).toEqual(['__rate_interval', 'instance', 'job']);
    for (const { templating } of dashboards) {
      expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance']);
    }
  });
});

describeWithPrometheus('a real Prometheus', () => {
  let directory = '';
  let gateway: RunningProgram | undefined;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    const { origin, metricsPort } = await startGateway();
    prometheus = await startPrometheus([`127.0.0.1:${metricsPort}`], [RULES]);
    await untilScraped(1);
    await sendTraffic(origin);
    await untilScraped(3);
  }, 120_000);

  afterAll(async () => {
    await prometheus?.close();
    gateway?.process.kill('SIGKILL');
    await gateway?.ended;
    await rm(directory, { recursive: true });
  });

  /** A gateway with a model, a low limit, and a key ring in the middle of a rotation. */
  async function startGateway(): Promise<{ readonly origin: string; readonly metricsPort: number }> {
    directory = await mkdtemp(join(tmpdir(), 'passport-jwe-dashboards-'));
    const apiKeys = join(directory, 'api-keys');
    await mkdir(apiKeys);
    const model = modelKey(['{ name: echo-1, endpoint: "echo:" }']);
    const limited = model.replace('requests_per_minute: 100000', 'requests_per_minute: 1');
    for (const [keyId, fields] of Object.entries({ demo: model, limited })) {
      await writeFile(
        join(apiKeys, `${keyId}.yaml`),
        `api_key: sk-${keyId}\nkey_id: ${keyId}\nname: ${keyId}\n${fields}`,
      );
    }
    const now = Math.floor(Date.now() / 1000);
    const keys = [
      { ...generateKeySet(now - 3600).keys[0], exp: now + 3600 },
      ...generateKeySet(now - 60).keys,
    ];
    const keysFile = join(directory, 'keys.json');
    await writeFile(keysFile, JSON.stringify({ keys }), { mode: 0o600 });
    const [port, metricsPort] = [await findFreePort(), await findFreePort()];
    gateway = startProgram('examples/gateway/main.ts', {
      ...{ PORT: String(port), METRICS_PORT: String(metricsPort), DATA_DIR: join(directory, 'data') },
      ...{ API_KEYS_DIR: apiKeys, JWE_KEYS_FILE: keysFile },
    });
    await untilListening(gateway, port);
    return { origin: `http://127.0.0.1:${port}`, metricsPort };
  }

  /** Sends chats, streams and failures, and requests with rejected, revoked and limited tokens. */
  async function sendTraffic(origin: string): Promise<void> {
    const token = await exchange(origin, 'sk-demo');
    const limited = await exchange(origin, 'sk-limited');
    const chat = async (bearer: string, content: string, stream = false): Promise<void> => {
      const answer = await fetch(`${origin}/v1/chat/completions`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ model: 'echo-1', stream, messages: [{ role: 'user', content }] }),
      });
      await answer.text();
    };
    for (const content of ['one two three', '!status=500', 'four']) {
      await chat(token, content);
      await chat(token, 'five six', true);
      await chat(limited, 'seven');
    }
    const revoked = await exchange(origin, 'sk-demo');
    await revoke(origin, 'sk-demo', revoked);
    for (const bearer of [revoked, 'no-token', token]) await (await getDocuments(origin, bearer)).text();
    for (let guesses = 0; guesses < 3; guesses += 1) await exchange(origin, 'sk-guess');
  }

  /** Waits for a number of further scrapes of the gateway. */
  async function untilScraped(times: number): Promise<void> {
    const scrapes = async (): Promise<number> =>
      Number((await prometheus.query('count_over_time(up[1h]) and up == 1'))[0]?.value[1] ?? 0);
    const before = await scrapes();
    while ((await scrapes()) < before + times) await new Promise((resolve) => setTimeout(resolve, 100));
  }

  const substitute = (query: string): string =>
    query
      .replaceAll('$__rate_interval', '1m')
      .replaceAll('$job', 'passport-jwe-gateway')
      .replaceAll('$instance', '.*');

  test.each(queries)('%s: %s: %s has a series', async (_dashboard, _panel, _legend, query) => {
    expect(await prometheus.query(substitute(query))).not.toHaveLength(0);
  });

  test.each(queries.filter(([, , legend]) => legend.includes('{{')))(
    '%s: %s: %s has the labels of its legend',
    async (_dashboard, _panel, legend, query) => {
      const labels = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
      const [series] = await prometheus.query(substitute(query));

      expect(Object.keys(series?.metric ?? {})).toEqual(expect.arrayContaining(labels));
    },
  );

  test('has every metric of the alerts', async () => {
    const names = new Set(
      JSON.stringify(load(await readFile(RULES, 'utf8'))).match(/\b(?:gateway|nodejs)_\w+(?=[ {[)])/g),
    );
    const missing: string[] = [];
    for (const name of names) if ((await prometheus.query(name)).length === 0) missing.push(name);

    expect(names.size).toBeGreaterThan(15);
    expect(missing).toEqual([]);
  });

  test('loads the alerts', async () => {
    expect(await prometheus.alerts()).toContain('GatewayDown');
  });
});
