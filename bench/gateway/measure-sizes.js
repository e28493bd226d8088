import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRedis } from '../redis.js';
import { startProgram } from './start-program.js';

// Measures the memory of connections, streams and bodies of the gateway, and the size of revocations and sessions in
// Redis and in the embedded store: `npm run build:gateway`, then `node bench/gateway/measure-sizes.js`.

const GATEWAY = fileURLToPath(new URL('../../examples/gateway/dist/main.js', import.meta.url));
const API_KEY = `sk-sizes-${randomBytes(24).toString('hex')}`;
/** First and second number, between which the growth is measured. */
const CONNECTIONS = [1000, 4000];
const STREAMS = [200, 800];
const BODIES = 4;
const ENTRIES = 5000;
const SETTLE_MS = 3000;

const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** @param {Record<string, string>} env */
async function withGateway(env, measure) {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-sizes-'));
  const keys = join(directory, 'watched', 'api-keys');
  await mkdir(keys, { recursive: true });
  const limits =
    'requests_per_minute: 100000000, requests_per_hour: 100000000, tokens_per_minute: 1000000000, concurrent_requests: 10000';
  await writeFile(
    join(keys, 'a.yaml'),
    `api_key: ${API_KEY}\nkey_id: a\nname: a\ntype: tiered_model_exec\npermissions: [execute:models]\n` +
      `models: [{ name: echo-1, endpoint: "echo:" }]\nrate_limits: { ${limits} }\n`,
  );
  const dataDir = join(directory, 'data');
  const program = await startProgram([GATEWAY], {
    env: { PORT: '0', DATA_DIR: dataDir, API_KEYS_DIR: keys, SHUTDOWN_DELAY_MS: '1', ...env },
    stderr: openSync(join(directory, 'log'), 'a'),
  });
  try {
    return await measure({ origin: program.urls[0], pid: program.pid, dataDir });
  } finally {
    await program.end();
    await rm(directory, { recursive: true });
  }
}

/** @param {string} [name] `VmRSS`, or `VmHWM` for the peak */
async function kilobytes(pid, name = 'VmRSS') {
  return Number(
    new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1],
  );
}

function send(url, { body, headers = {}, method = 'POST', isOpen = false, through = agent }) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: through, method, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url}: ${answer.statusCode}`));
      if (isOpen) return answer.once('data', () => resolve(sent));
      let text = '';
      answer.on('data', (part) => {
        text += part;
      });
      answer.once('end', () => resolve(text));
    });
    sent.on('error', (error) => (isOpen ? undefined : reject(error)));
    sent.end(body);
  });
}

async function issue(origin, scope) {
  const body = String(new URLSearchParams({ grant_type: 'client_credentials', scope }));
  const headers = { 'x-api-key': API_KEY, 'content-type': 'application/x-www-form-urlencoded' };
  return JSON.parse(await send(`${origin}/oauth/token`, { body, headers }));
}

async function revoke(origin, token) {
  const headers = { 'x-api-key': API_KEY, 'content-type': 'application/x-www-form-urlencoded' };
  await send(`${origin}/oauth/revoke`, { body: String(new URLSearchParams({ token })), headers });
}

/** Repeats work with 16 workers. */
async function repeat(times, work) {
  let left = times;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

function chat(origin, token, content, stream, options) {
  const body = JSON.stringify({ model: 'echo-1', stream, messages: [{ role: 'user', content }] });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return send(`${origin}/v1/chat/completions`, { body, headers, ...options });
}

async function warmUp(origin) {
  const { access_token: token } = await issue(origin, 'execute:models');
  await repeat(3000, () => chat(origin, token, 'a b c', false));
  await pause(SETTLE_MS);
  return token;
}

/** Memory of each further client, in kB. */
async function measureGrowth(pid, [first, second], open) {
  await Promise.all(Array.from({ length: first }, open));
  await pause(SETTLE_MS);
  const before = await kilobytes(pid);
  await Promise.all(Array.from({ length: second - first }, open));
  await pause(SETTLE_MS);
  return ((await kilobytes(pid)) - before) / (second - first);
}

await withGateway({}, async ({ origin, pid }) => {
  await pause(SETTLE_MS);
  console.log(`start: ${(await kilobytes(pid)) / 1024} MB`);
  const growth = await measureGrowth(pid, CONNECTIONS, () =>
    send(`${origin}/healthz`, { method: 'GET', through: new Agent({ keepAlive: true }) }),
  );
  console.log(`idle connection: ${growth.toFixed(1)} kB`);
});

await withGateway({}, async ({ origin, pid }) => {
  const { access_token: token } = await issue(origin, 'execute:models');
  const streams = [];
  const growth = await measureGrowth(pid, STREAMS, async () => {
    const options = { isOpen: true, through: new Agent() };
    streams.push(await chat(origin, token, '!pace=1000 !times=200 a', true, options));
  });
  console.log(`stream: ${growth.toFixed(1)} kB`);
  for (const stream of streams) stream.destroy();
});

await withGateway({}, async ({ origin, pid }) => {
  const token = await warmUp(origin);
  const before = await kilobytes(pid);
  const text = 'word '.repeat(2_000_000);
  const through = new Agent();
  await Promise.all(
    Array.from({ length: BODIES }, () => chat(origin, token, text, false, { through }).catch(() => {})),
  );
  const peak = await kilobytes(pid, 'VmHWM');
  console.log(`body of 10 MB, at the peak: ${((peak - before) / 1024 / BODIES).toFixed(1)} MB`);
});

/** Size of the entries that `work` writes, by `measure`. */
async function measureEntries(origin, measure, name) {
  const kinds = {
    session: () => issue(origin, 'execute:models offline_access'),
    revocation: async () => revoke(origin, (await issue(origin, 'execute:models')).access_token),
  };
  for (const [kind, work] of Object.entries(kinds)) {
    await repeat(100, work);
    await pause(SETTLE_MS);
    const before = await measure();
    await repeat(ENTRIES, work);
    await pause(SETTLE_MS);
    console.log(`${kind}, ${name}: ${((await measure()) - before) / ENTRIES} bytes`);
  }
}

await withGateway({ MAX_REVOCATIONS_PER_CLIENT: '100000' }, async ({ origin, dataDir }) => {
  const sizeOf = async () => {
    const files = await readdir(dataDir, { recursive: true, withFileTypes: true });
    const sizes = files
      .filter((file) => file.isFile())
      .map((file) => stat(join(file.parentPath ?? file.path, file.name)));
    return (await Promise.all(sizes)).reduce((sum, { blocks }) => sum + blocks * 512, 0);
  };
  await measureEntries(origin, sizeOf, 'embedded store');
});

const redis = await startRedis();
const redisEnv = {
  ...{ REDIS_URL: redis.url, ISSUER: 'http://127.0.0.1', AUDIENCE: 'http://127.0.0.1' },
  ...{ JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'b2f6c1d09e3a4875' },
  ...{ MAX_REVOCATIONS_PER_CLIENT: '100000', REDIS_TIMEOUT_MS: '2000' },
};
await withGateway(redisEnv, async ({ origin }) => {
  const used = async () => {
    const report = execFileSync('redis-cli', ['-u', redis.url, 'INFO', 'memory'], { encoding: 'utf8' });
    return Number(/used_memory:(\d+)/.exec(report)[1]);
  };
  await measureEntries(origin, used, 'Redis');
});
await redis.end();
agent.destroy();
