import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { buildGateway, GATEWAY_BUILD } from '../support/build-gateway.js';
import { setUpGatewayPrograms } from '../support/gateway-programs.js';
import { GatewayTraffic } from '../support/gateway-traffic.js';
import { startProgram } from '../support/processes.js';

/** Duration of the traffic: 60 seconds in CI, and 600 in `npm run soak`. Run this test alone, because it measures a rate. */
const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 0);
const RATE = 300;
/** Time in seconds until the heap has about its final size. */
const WARM_UP_SECONDS = Math.min(60, SECONDS / 2);
/** Size of the token cache of the gateway. In a long run, the cache would fill after the warm-up. */
const CACHED_TOKENS = SECONDS < 600 ? 0 : 10_000;
const SAMPLES_A_SECOND = 4;
/** Number of samples whose median is the resident memory at a time. */
const WINDOW = 40;
/** About the limit in a container of 512 MiB, as in `deploy/kubernetes`. With more memory, V8 collects garbage less often. */
const HEAP = '--max-old-space-size=256';
const API_KEY = 'sk-soak-0123456789abcdef';

const { directory, startAndWait } = setUpGatewayPrograms(GATEWAY_BUILD);

function readResidentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

function medianOf(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function startProvider(): Promise<{ readonly origin: string; end(): Promise<unknown> }> {
  const { process: child, output, ended } = startProgram('bench/gateway/serve-provider.js', {});
  const end = () => {
    child.kill();
    return ended;
  };
  for (;;) {
    const [, origin] = / on (http:\S+)/.exec(output()) ?? [];
    if (origin !== undefined) return { origin, end };
    await new Promise((resolve) => child.stdout?.once('data', resolve));
  }
}

const soak = SECONDS > 0 ? test : test.skip;

soak(
  `${RATE} mixed requests per second for ${SECONDS} s cause no error and no memory growth`,
  async () => {
    await buildGateway();
    const provider = await startProvider();
    const apiKeysDir = join(directory(), 'api-keys');
    await mkdir(apiKeysDir);
    const limit = 1_000_000_000;
    await writeFile(
      join(apiKeysDir, 'soak.yaml'),
      `api_key: ${API_KEY}
key_id: soak
name: soak
type: tiered_model_exec
permissions: [execute:models]
models: [{ name: small-1, endpoint: "${provider.origin}/v1/chat/completions", api_key: pk-soak }]
rate_limits: { requests_per_minute: ${limit}, requests_per_hour: ${limit}, tokens_per_minute: ${limit}, concurrent_requests: 1000 }
`,
    );
    const { program, origin } = await startAndWait({
      ...{
        API_KEYS_DIR: apiKeysDir,
        NODE_ENV: 'production',
        NODE_OPTIONS: HEAP,
        SHUTDOWN_DELAY_MS: '1',
        LOG_LEVEL: 'warn',
      },
    });
    const traffic = new GatewayTraffic({ origin, apiKey: API_KEY, rate: RATE });
    await traffic.prepare(CACHED_TOKENS);

    const pid = program.process.pid ?? 0;
    const samples: number[] = [];
    const timer = setInterval(() => samples.push(readResidentMegabytes(pid)), 1000 / SAMPLES_A_SECOND);
    const report = await traffic.run(SECONDS);
    clearInterval(timer);
    program.process.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    await provider.end();

    const minute = 60 * SAMPLES_A_SECOND;
    const minutes = samples.flatMap((_, index) =>
      index % minute === 0 ? [medianOf(samples.slice(index, index + WINDOW)).toFixed(0)] : [],
    );
    const from = WARM_UP_SECONDS * SAMPLES_A_SECOND;
    const before = medianOf(samples.slice(from, from + WINDOW));
    const after = medianOf(samples.slice(-WINDOW));
    const { sent, seconds, answers, failures, median, p99 } = report;
    const rate = sent / seconds;
    process.stderr.write(
      `soak: ${sent} requests, ${rate.toFixed(0)}/s, median ${median.toFixed(1)} ms, ` +
        `99th percentile ${p99.toFixed(0)} ms, ` +
        `${failures.length} failures, resident memory ${before.toFixed(0)} MB, then ${after.toFixed(0)} MB, at each minute ${minutes.join(', ')}; ${JSON.stringify(answers)}\n`,
    );
    expect(failures).toEqual([]);
    expect(rate).toBeGreaterThan(RATE * 0.95);
    expect(after / before).toBeGreaterThan(0.8);
    expect(after / before).toBeLessThan(1.2);
  },
  (SECONDS + 300) * 1000,
);
