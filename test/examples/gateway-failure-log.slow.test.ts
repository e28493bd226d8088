import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { AuditRecord } from 'passport-jwe/audit';
import { createLogger } from '../../examples/gateway/observability/request-log.js';
import { until } from '../support/connections.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';

type Line = Readonly<Record<string, unknown>>;

describeWithRedis('the log of a gateway whose Redis does not respond', () => {
  const records: AuditRecord[] = [];
  const lines: Line[] = [];
  let redis: RedisServer;
  let gateway: ModelGateway;
  let token = '';

  beforeAll(async () => {
    redis = await startRedis();
    gateway = await startModelGateway({
      keys: {
        demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']).replace(
          'execute:models',
          'execute:models, read:documents',
        ),
      },
      environment: {
        ...{ REDIS_URL: redis.url, SHUTDOWN_DELAY_MS: '1' },
        ...{ ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' },
        ...{
          JWE_PASSPHRASE: 'correct horse battery staple in a long sentence',
          JWE_SALT: 'a salt of 16 bytes',
        },
      },
      sinks: [{ write: (record) => void records.push(record) }],
      observers: { logger: createLogger({ write: (line) => void lines.push(JSON.parse(line)) }) },
    });
    token = await gateway.tokenOf('demo');
    redis.signal('SIGSTOP');
  });

  afterAll(async () => {
    redis.signal('SIGCONT');
    await gateway.close();
    await redis.dispose();
  });

  /** The line of a request that the gateway answers with 503. */
  async function failedLine(path: string, init: RequestInit): Promise<Line | undefined> {
    const answer = await fetch(gateway.origin + path, init);
    await answer.text();
    const id = answer.headers.get('x-request-id');
    const find = () => lines.find((line) => line['msg'] === 'request' && line['request_id'] === id);
    await until(() => find() !== undefined);
    return find();
  }

  const bearer = () => ({ Authorization: `Bearer ${token}` });
  const form = { grant_type: 'client_credentials', scope: 'offline_access execute:models' };

  test.each<readonly [string, string, () => RequestInit]>([
    ['GET', '/documents', () => ({ headers: bearer() })],
    ['GET', '/v1/models', () => ({ headers: bearer() })],
    ['POST', '/v1/messages', () => ({ headers: bearer(), body: '{"model":"echo-1"}' })],
    [
      'POST',
      '/oauth/token',
      () => ({ headers: { 'X-API-Key': 'sk-demo' }, body: new URLSearchParams(form) }),
    ],
  ])('names the cause in the line of %s %s', async (method, path, init) => {
    const line = await failedLine(path, { method, ...init() });

    expect(line).toMatchObject({ method, status: 503, failure: expect.stringMatching(/^(?!.*\n)\w/) });
  });

  test('names the cause and the remedy in the event of the limits', () => {
    expect(records.filter(({ type }) => type === 'limits.degraded')).toMatchObject([
      { policy: 'deny', reason: 'timeout', advice: expect.stringContaining('raise the timeout') },
    ]);
  });

  test('names the cause and the remedy in the event of the revocations', async () => {
    const find = () => records.filter(({ type }) => type === 'store.unreachable');
    await until(() => find().length > 0);

    expect(find()[0]).toMatchObject({
      ...{ reason: 'timeout', advice: expect.stringContaining('raise the timeout') },
    });
  });
});

describe('a request that fails unexpectedly', () => {
  const lines: Line[] = [];
  const stringify = JSON.stringify;
  let gateway: ModelGateway;

  beforeAll(async () => {
    gateway = await startModelGateway({
      keys: {
        demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']).replace('execute:models', 'read:documents'),
      },
      environment: { SHUTDOWN_DELAY_MS: '1' },
      observers: { logger: createLogger({ write: (line) => void lines.push(JSON.parse(line)) }) },
    });
  });

  afterAll(async () => {
    jest.restoreAllMocks();
    await gateway.close();
  });

  test('is answered without the stack, and the log has it', async () => {
    const headers = { Authorization: `Bearer ${await gateway.tokenOf('demo')}` };
    jest.spyOn(JSON, 'stringify').mockImplementation((value, ...others) => {
      if (Object.hasOwn(Object(value), 'documents')) throw new Error('a fault of the test');
      return stringify(value, ...others);
    });
    const answer = await fetch(`${gateway.origin}/documents`, { headers });
    const body: unknown = await answer.json();
    await until(() => lines.some(({ status }) => status === 500));

    expect([answer.status, body]).toEqual([
      500,
      { error: 'server_error', error_description: 'The request failed unexpectedly' },
    ]);
    expect(lines.find(({ status }) => status === 500)?.['failure']).toContain('a fault of the test');
  });
});
