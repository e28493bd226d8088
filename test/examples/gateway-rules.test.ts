import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { z } from 'zod';
import { GATEWAY } from '../support/deployment-files.js';
import { describeWithPrometheus, promtool } from '../support/prometheus.js';

const DIRECTORY = join(GATEWAY, 'deploy/prometheus');
const RUNBOOK = 'https://github.com/passport-jwe/passport-jwe/blob/main/examples/gateway/runbooks/alerts.md#';

const alertShape = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().regex(/^\d+[mh]$/),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
  annotations: z.strictObject({ summary: z.string().min(1), runbook_url: z.string() }),
});
const recordShape = z.strictObject({ record: z.string(), expr: z.string() });
const rulesShape = z.object({
  groups: z.array(z.object({ name: z.string(), rules: z.array(z.union([recordShape, alertShape])) })),
});

const read = (path: string): Promise<string> => readFile(join(GATEWAY, path), 'utf8');
const readRules = async () =>
  rulesShape.parse(load(await read('deploy/prometheus/rules.yaml'))).groups.flatMap(({ rules }) => rules);

const rules = await readRules();
const alerts = rules.flatMap((rule) => ('alert' in rule ? rule : []));

/** Names of the metrics of the gateway in its sources, and of the default metrics. */
async function exportedMetrics(): Promise<ReadonlySet<string>> {
  const files = (await readdir(join(GATEWAY, 'observability'))).map((file) => read(`observability/${file}`));
  const created = (await Promise.all(files)).flatMap((source) =>
    [...source.matchAll(/'(gateway_\w+)'/g)].map(([, name = '']) => name),
  );
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const defaults = registry.getMetricsAsArray().map(({ name }) => name);
  return new Set([
    ...created,
    ...defaults,
    ...rules.flatMap((rule) => ('record' in rule ? rule.record : [])),
    'up',
  ]);
}

describe('rules.yaml', () => {
  test.each(alerts.map(({ alert, annotations }) => [alert, annotations.runbook_url]))(
    '%s links to its section of the runbook',
    async (alert, url) => {
      expect(url).toBe(RUNBOOK + alert.toLowerCase());
      expect((await read('runbooks/alerts.md')).split('\n')).toContain(`## ${alert}`);
    },
  );

  test('uses only metrics that the gateway exports', async () => {
    const exported = await exportedMetrics();
    const used = rules.flatMap(
      ({ expr }) => expr.match(/(?<![\w:])(?:gateway_|nodejs_|process_|job:|route:|up\b)[\w:]*/g) ?? [],
    );
    const unknown = used.filter((name) => !exported.has(name) && !exported.has(name.replace(/_bucket$/, '')));

    expect(used.length).toBeGreaterThan(25);
    expect(unknown).toEqual([]);
  });

  test('has a unit test for each alert', async () => {
    const { tests } = z
      .object({ tests: z.array(z.object({ name: z.string() })) })
      .parse(load(await read('deploy/prometheus/rules.test.yaml')));

    expect(tests.map(({ name }) => name)).toEqual(alerts.map(({ alert }) => alert));
  });
});

describeWithPrometheus('promtool', () => {
  test('accepts prometheus.yml and its rules', () => {
    const { code, output } = promtool(['check', 'config', join(DIRECTORY, 'prometheus.yml')]);

    expect(output).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(code).toBe(0);
  });

  test('finds that each alert fires, and not before its time', () => {
    const { code, output } = promtool(['test', 'rules', join(DIRECTORY, 'rules.test.yaml')]);

    expect(output).toContain('SUCCESS');
    expect(code).toBe(0);
  });
});
