import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';

const PATH = '/v1/chat/completions';
const CHAT = JSON.stringify({ model: 'echo-1', messages: [{ role: 'user', content: 'one two three' }] });
const KEY = modelKey(['{ name: echo-1, endpoint: "echo:", max_tokens: 5 }'], ', tokens_per_month: 100');
/** Maximum time in milliseconds for which Redis accepts no writes. */
const PAUSE_MS = 4000;
/** Time in milliseconds for the gateway to settle a reservation. */
const SETTLE_MS = 200;

describeWithRedis('a client that disconnects while Redis reserves its tokens', () => {
  let redis: RedisServer;
  let gateway: ModelGateway;

  beforeAll(async () => {
    redis = await startRedis();
    gateway = await startModelGateway({
      keys: { stays: KEY, leaves: KEY },
      environment: {
        ...{ REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '5000' },
        ...{ ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' },
        ...{ JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'a-salt-of-twenty-two-b' },
      },
    });
  });

  afterAll(async () => {
    await gateway.close();
    await redis.dispose();
  });

  /** Sends a chat and returns the tokens that the month has left meanwhile. */
  async function tokensLeft(token: string): Promise<string | undefined> {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const answer = await fetch(gateway.origin + PATH, { method: 'POST', headers, body: CHAT });
    await answer.arrayBuffer();
    return /"tokens_per_month";r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '')?.[1];
  }

  /** Resolves with the connection when the gateway has admitted the request, and waits for its body. */
  function uploadUntilAdmitted(token: string): Promise<Socket> {
    const head = [
      ...[`POST ${PATH} HTTP/1.1`, 'Host: gateway', 'Expect: 100-continue', `Authorization: Bearer ${token}`],
      ...['Content-Type: application/json', `Content-Length: ${CHAT.length}`, '', ''],
    ];
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(gateway.origin);
      const socket = connect(Number(port), hostname, () => socket.write(head.join('\r\n')));
      socket.once('data', () => resolve(socket)).once('error', reject);
    });
  }

  async function untilWriteWaits(): Promise<void> {
    while (!/blocked_clients:[1-9]/.test(String(await redis.command('INFO', 'clients')))) await pause(5);
  }

  test('pays nothing, and no provider receives the request', async () => {
    const expected = await tokensLeft(await gateway.tokenOf('stays'));
    const token = await gateway.tokenOf('leaves');
    const socket = await uploadUntilAdmitted(token);
    await redis.command('CLIENT', 'PAUSE', String(PAUSE_MS), 'WRITE');
    socket.write(CHAT);
    await untilWriteWaits();
    socket.destroy();
    await pause(SETTLE_MS);
    await redis.command('CLIENT', 'UNPAUSE');
    await pause(SETTLE_MS);

    expect(await tokensLeft(token)).toBe(expected);
    expect(gateway.completions).toHaveLength(2);
  });
});
