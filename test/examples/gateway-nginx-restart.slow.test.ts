import { mkdir, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { sendRequest } from '../../examples/gateway/drills/send-request.js';
import { buildGateway, GATEWAY_BUILD } from '../support/build-gateway.js';
import { exchange, type GatewayProgram, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort } from '../support/processes.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { describeWithWebServer, NGINX, startWebServer, type WebServer } from '../support/web-server.js';

/** Number of restarts of each gateway: 10 in `npm run soak`, and none in the slow tier. */
const RESTARTS = Number(process.env['RESTARTS'] ?? 0);
/** On a busy machine, the gateway accepts connections too slowly before the listener closes. */
const testOfRestarts = RESTARTS > 0 ? test : test.skip;
const CLIENTS = 8;
/** Pause of each client in milliseconds between two requests. */
const PAUSE_MS = 20;
const API_KEY = 'sk-nginx-0123456789abcdef';
const KEY = `api_key: ${API_KEY}
key_id: a
name: a
type: tiered_model_exec
permissions: [execute:models, read:documents]
models: [{ name: echo-1, endpoint: "echo:" }]
rate_limits: { requests_per_minute: 1000000, requests_per_hour: 10000000, tokens_per_minute: 100000000, concurrent_requests: 1000 }
`;

const KINDS = ['get', 'chat', 'stream'] as const;
type Kind = (typeof KINDS)[number];

interface Failure {
  readonly kind: Kind;
  readonly status: number;
  readonly error?: string;
}

const blocks = await readPageBlocks(new URL('../../docs/guides/operate.md', import.meta.url));
const { directory, startAndWait } = setUpGatewayPrograms(GATEWAY_BUILD);

/** Clients with persistent connections that send one request after the other, and never retry. */
class Load {
  readonly failures: Failure[] = [];
  readonly answered: Record<Kind, number> = { get: 0, chat: 0, stream: 0 };
  readonly #agent = new Agent({ keepAlive: true });
  readonly #clients: readonly Promise<void>[];
  #isRunning = true;
  #onAnswer = (): void => {};

  constructor(
    readonly origin: string,
    readonly token: string,
  ) {
    this.#clients = KINDS.flatMap((kind) => Array.from({ length: CLIENTS }, () => this.#run(kind)));
  }

  /** Resolves after this number of further responses of each kind. */
  async answers(count: number): Promise<void> {
    const before = { ...this.answered };
    while (KINDS.some((kind) => this.answered[kind] < before[kind] + count)) {
      await new Promise<void>((resolve) => {
        this.#onAnswer = resolve;
      });
    }
  }

  async end(): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  async #run(kind: Kind): Promise<void> {
    while (this.#isRunning) {
      const { status, text, error } = await this.#send(kind);
      const isComplete = status === 200 && (kind !== 'stream' || text.endsWith('data: [DONE]\n\n'));
      if (!isComplete) this.failures.push({ kind, status, ...(error !== undefined && { error }) });
      else if (error === undefined) this.answered[kind] += 1;
      this.#onAnswer();
      await pause(PAUSE_MS);
    }
  }

  #send(kind: Kind) {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    if (kind === 'get') return sendRequest(`${this.origin}/documents`, { agent: this.#agent, headers });
    const content = kind === 'stream' ? '!pace=20 !times=30 a' : '!pace=10 a b';
    const messages = [{ role: 'user', content }];
    const body = JSON.stringify({ model: 'echo-1', stream: kind === 'stream', messages });
    return sendRequest(`${this.origin}/v1/chat/completions`, {
      ...{ agent: this.#agent, method: 'POST', headers, body },
    });
  }
}

describeWithRedis('two gateways behind nginx with the configuration of docs/guides/operate.md', () => {
  describeWithWebServer(NGINX, 'under load', () => {
    let redis: RedisServer;
    let nginx: WebServer;
    let gateways: GatewayProgram[] = [];
    let load: Load;

    beforeAll(buildGateway, 60_000);

    beforeEach(async () => {
      redis = await startRedis();
      const apiKeysDir = join(directory(), 'api-keys');
      await mkdir(apiKeysDir);
      await writeFile(join(apiKeysDir, 'a.yaml'), KEY);
      gateways = [await start(), await start()];
      const [first, second] = gateways;
      nginx = await startWebServer(NGINX, blocks.get('operate-nginx') ?? '', {
        'listen 8080': 'listen 127.0.0.1:PORT',
        '127.0.0.1:3001': `127.0.0.1:${first?.port}`,
        '127.0.0.1:3002': `127.0.0.1:${second?.port}`,
      });
      load = new Load(nginx.origin, await exchange(nginx.origin, API_KEY));
      await load.answers(5);
    }, 120_000);

    afterEach(async () => {
      await load.end();
      await nginx.close();
      await redis.dispose();
    });

    async function start(port?: number): Promise<GatewayProgram> {
      return startAndWait({
        ...{ API_KEYS_DIR: join(directory(), 'api-keys'), REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '2000' },
        ...{ JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'b2f6c1d09e3a4875' },
        ...{ ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' },
        ...{ NODE_ENV: 'production', TRUST_PROXY: '1', SHUTDOWN_DELAY_MS: '3000' },
        PORT: String(port ?? (await findFreePort())),
      });
    }

    testOfRestarts(
      'restart in turn without a failed request, a broken stream or a closed connection',
      async () => {
        for (let round = 0; round < RESTARTS; round += 1) {
          for (const [index, { program, port }] of gateways.entries()) {
            program.process.kill('SIGTERM');
            expect(await program.ended).toBe(0);
            await load.answers(5);
            gateways[index] = await start(port);
            await load.answers(5);
          }
        }
        await load.end();

        expect(load.failures).toEqual([]);
      },
      (RESTARTS * 40 + 60) * 1000,
    );

    test('lose only what one of them processes when it is killed, and no GET request', async () => {
      const [killed] = gateways;
      killed?.program.process.kill('SIGKILL');
      await killed?.program.ended;
      await load.answers(10);
      const lost = [...load.failures];
      await load.answers(10);
      gateways[0] = await start(killed?.port);
      await load.answers(10);
      await load.end();

      expect(load.failures).toEqual(lost);
      expect(lost.filter(({ kind }) => kind === 'get')).toEqual([]);
      expect(lost.filter(({ kind, status }) => kind === 'chat' && status !== 502)).toEqual([]);
      expect(lost.filter(({ kind }) => kind === 'chat').length).toBeLessThanOrEqual(CLIENTS);
      // Streams that had begun break.
      const streams = lost.filter(({ kind }) => kind === 'stream');
      expect(streams.length).toBeGreaterThan(0);
      expect(streams.length).toBeLessThanOrEqual(CLIENTS);
    }, 120_000);
  });
});
