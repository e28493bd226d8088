import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPackages } from './describe-with-packages.js';
import { findFreePort, startCommand } from './processes.js';

const areInstalled = spawnSync('promtool', ['--version']).status === 0;

/** Run tests that need `prometheus` and `promtool`. Without them, print the skipped tests. */
export function describeWithPrometheus(name: string, tests: () => void): void {
  describeWithPackages({ packages: 'prometheus', areInstalled }, name, tests);
}

/** Run `promtool`. Returns its exit code and its output. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly code: number; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { code: status ?? -1, output: stdout + stderr };
}

/** A time series in a result, with its labels. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** A Prometheus server on a free port of loopback. */
export interface PrometheusServer {
  /** Evaluate an instant query. Throws an error if Prometheus rejects the query. */
  query(query: string): Promise<readonly Series[]>;
  /** Names of the alerts that its rules contain. */
  alerts(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Start a Prometheus server that scrapes targets each second.
 *
 * @param ruleFiles absolute paths of rule files
 */
export async function startPrometheus(
  targets: readonly string[],
  ruleFiles: readonly string[] = [],
): Promise<PrometheusServer> {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-prometheus-'));
  const port = await findFreePort();
  // JSON is valid YAML.
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: [{ job_name: 'passport-jwe-gateway', static_configs: [{ targets }] }],
  };
  await writeFile(join(directory, 'prometheus.yml'), JSON.stringify(configuration));
  const program = startCommand(
    [
      'prometheus',
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    {},
  );
  const origin = `http://127.0.0.1:${port}`;
  while ((await fetch(`${origin}/-/ready`).catch(() => undefined))?.status !== 200) {
    if (program.process.exitCode !== null) throw new Error(`Prometheus ended: ${program.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const get = async (path: string) => {
    const answer = await (await fetch(origin + path)).json();
    if (answer.status !== 'success') throw new Error(`${answer.error}: ${decodeURIComponent(path)}`);
    return answer.data;
  };

  return {
    query: async (query) => (await get(`/api/v1/query?query=${encodeURIComponent(query)}`)).result,
    async alerts() {
      const { groups } = await get('/api/v1/rules?type=alert');
      return groups.flatMap(({ rules }: { rules: readonly { name: string }[] }) =>
        rules.map(({ name }) => name),
      );
    },
    async close() {
      program.process.kill('SIGKILL');
      await program.ended;
      await rm(directory, { recursive: true });
    },
  };
}
