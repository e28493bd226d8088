import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Agent } from 'undici';
import { exchange, type GatewayProgram, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { describeWithRedis, withRedis } from '../support/redis.js';

const { directory, startAndWait } = setUpGatewayPrograms();

const CLIENTS = 16;
const STREAMS = 8;
const API_KEY = 'sk-drain-0123456789abcdef';
const PROBE_INTERVAL_MS = 200;
const FAILURE_THRESHOLD = 2;

const KEY = `api_key: ${API_KEY}
key_id: a
name: a
type: tiered_model_exec
permissions: [execute:models, read:documents, write:documents]
models: [{ name: echo-1, endpoint: "echo:" }]
rate_limits: { requests_per_minute: 1000000, requests_per_hour: 10000000, tokens_per_minute: 100000000, concurrent_requests: 1000 }
`;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends requests over persistent connections in turn to all instances that are ready, and never retries. */
class Balancer {
  readonly failures: string[] = [];
  answered = 0;
  readonly #ready = new Set<string>();
  readonly #pool = new Agent({ connections: CLIENTS });
  #turn = 0;
  #isOpen = true;

  /** Probes an instance, and removes it after consecutive failures, as the kubelet does. */
  async probe(origin: string): Promise<void> {
    for (let failures = 0; this.#isOpen && failures < FAILURE_THRESHOLD; ) {
      const isReady = await fetch(`${origin}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
      failures = isReady ? 0 : failures + 1;
      if (isReady) this.#ready.add(origin);
      await pause(PROBE_INTERVAL_MS);
    }
    this.#ready.delete(origin);
  }

  isUsing(origin: string): boolean {
    return this.#ready.has(origin);
  }

  async send(path: string, token: string, body?: object): Promise<Answer | undefined> {
    const origins = [...this.#ready];
    const origin = origins[this.#turn++ % origins.length] ?? 'http://127.0.0.1:1';
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const method = body === undefined ? 'GET' : 'POST';
    try {
      const answer = await this.#pool.request({
        ...{ origin, path, method, headers },
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      if (answer.statusCode >= 400) this.failures.push(`${path}: ${answer.statusCode} ${text}`);
      this.answered += 1;
      return { status: answer.statusCode, text };
    } catch (failure) {
      this.failures.push(`${path}: ${failure}`);
      return undefined;
    }
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#pool.destroy();
  }
}

function chat(content: string, stream: boolean): object {
  return { model: 'echo-1', stream, messages: [{ role: 'user', content }] };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(10);
}

describeWithRedis('two gateways behind a load balancer, under load', () => {
  test('restart one after the other without a failed request or stream', async () => {
    await withRedis(async (redis) => {
      const apiKeysDir = join(directory(), 'api-keys');
      await mkdir(apiKeysDir);
      await writeFile(join(apiKeysDir, 'a.yaml'), KEY);
      const environment = {
        ...{ API_KEYS_DIR: apiKeysDir, REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '2000' },
        ...{ JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'b2f6c1d09e3a4875' },
        ...{ ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' },
        SHUTDOWN_DELAY_MS: '3000',
      };
      const balancer = new Balancer();
      const enroll = async (gateway: GatewayProgram): Promise<GatewayProgram> => {
        void balancer.probe(gateway.origin);
        await until(() => balancer.isUsing(gateway.origin));
        return gateway;
      };
      const gateways = await Promise.all(
        [startAndWait(environment), startAndWait(environment)].map(async (started) => enroll(await started)),
      );
      const token = await exchange(gateways[0]?.origin ?? '', API_KEY);

      let isRunning = true;
      const client = async (number: number): Promise<void> => {
        for (let round = number; isRunning; round += 1) {
          if (round % 3 === 0) await balancer.send('/documents', token);
          else if (round % 3 === 1) await balancer.send('/documents', token, { title: 'a' });
          else await balancer.send('/v1/chat/completions', token, chat('a b', false));
        }
      };
      const stream = async (): Promise<void> => {
        while (isRunning) {
          const answer = await balancer.send(
            '/v1/chat/completions',
            token,
            chat('!pace=20 !times=60 a', true),
          );
          expect(answer?.text).toContain('data: [DONE]');
        }
      };
      const work = [
        ...Array.from({ length: CLIENTS }, (_, number) => client(number)),
        ...Array.from({ length: STREAMS }, stream),
      ];
      await until(() => balancer.answered > 100);
      for (const gateway of gateways) {
        const before = balancer.answered;
        gateway.program.process.kill('SIGTERM');
        expect(await gateway.program.ended).toBe(0);
        expect(gateway.program.output()).not.toContain('cut_off');
        expect(balancer.answered).toBeGreaterThan(before);
        await enroll(await startAndWait(environment));
      }
      isRunning = false;
      await Promise.all(work);
      await balancer.close();

      expect(balancer.failures).toEqual([]);
    });
  }, 120_000);
});
