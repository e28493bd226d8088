import { randomBytes } from 'node:crypto';
import { existsSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVER_CORE } from '../pin-process.js';
import { startProgram } from './start-program.js';

/** Build of the gateway, which deployments run. */
const GATEWAY = fileURLToPath(new URL('../../examples/gateway/dist/main.js', import.meta.url));

/** High enough for every run, so that the gateway counts requests and tokens, but rejects none. */
const LIMIT = 1_000_000_000;

/**
 * A gateway in a separate process, in production mode, with the embedded store, metrics, and a log file.
 * @typedef {object} Gateway
 * @property {string} origin
 * @property {() => Promise<string>} issueToken
 * @property {() => Promise<number>} cpuSeconds CPU time of the process, from its metrics
 * @property {() => Promise<void>} end
 */

/**
 * @param {string} directory an empty one
 * @param {string} provider origin of the provider of the model `small-1`
 * @param {readonly string[]} [nodeArguments]
 * @returns {Promise<Gateway>}
 */
export async function startGateway(directory, provider, nodeArguments = []) {
  if (!existsSync(GATEWAY)) throw new Error('The gateway is not built: run npm run build:gateway first');
  const apiKey = `sk-bench-${randomBytes(24).toString('hex')}`;
  // The gateway watches `directory`, because it contains the API keys. Each write to a log file there would wake the gateway.
  const keys = join(directory, 'api-keys');
  const logs = join(directory, 'logs');
  for (const each of [keys, logs]) await mkdir(each, { mode: 0o700 });
  await writeFile(join(keys, 'bench.yaml'), describeApiKey(provider));
  const env = {
    ...{
      HOST: '127.0.0.1',
      PORT: '0',
      METRICS_PORT: '0',
      API_KEYS_DIR: keys,
      DATA_DIR: join(directory, 'data'),
    },
    BENCH_API_KEY: apiKey,
  };
  const stderr = openSync(join(logs, 'gateway.log'), 'a');
  const program = await startProgram([...nodeArguments, GATEWAY], {
    urls: 2,
    env,
    stderr,
    core: SERVER_CORE,
  });
  const [origin, metrics] = program.urls;
  return {
    origin,
    async issueToken() {
      const body = new URLSearchParams({ grant_type: 'client_credentials' });
      const answer = await fetch(`${origin}/oauth/token`, {
        method: 'POST',
        headers: { 'x-api-key': apiKey },
        body,
      });
      if (!answer.ok) throw new Error(`The gateway issued no token: ${answer.status} ${await answer.text()}`);
      return (await answer.json()).access_token;
    },
    async cpuSeconds() {
      const text = await (await fetch(metrics)).text();
      return Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1]);
    },
    pid: program.pid,
    end: program.end,
  };
}

/** @param {string} provider */
function describeApiKey(provider) {
  return [
    'api_key: ${BENCH_API_KEY}',
    'key_id: bench',
    'name: Benchmark',
    'type: tiered_model_exec',
    'permissions: [execute:models]',
    'models:',
    `  - { name: small-1, endpoint: "${provider}/v1/chat/completions", api_key: pk-bench }`,
    'rate_limits:',
    `  requests_per_minute: ${LIMIT}`,
    `  requests_per_hour: ${LIMIT}`,
    `  tokens_per_minute: ${LIMIT}`,
    '  concurrent_requests: 1000',
    '',
  ].join('\n');
}
