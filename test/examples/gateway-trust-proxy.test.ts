import { afterEach, describe, expect, test } from '@jest/globals';
import type { AuditRecord } from 'passport-jwe/audit';
import { readSettings } from '../../examples/gateway/settings.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

const FAILURES = 30;

let gateway: ModelGateway | undefined;
let records: AuditRecord[];

afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});

async function start(environment: Readonly<Record<string, string>>): Promise<void> {
  records = [];
  gateway = await startModelGateway({
    keys: { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) },
    environment: { SHUTDOWN_DELAY_MS: '1', ...environment },
    sinks: [{ write: (record) => void records.push(record) }],
  });
}

async function exchange(address: string, apiKey: string): Promise<number> {
  const answer = await fetch(`${gateway?.origin}/oauth/token`, {
    method: 'POST',
    headers: { 'X-API-Key': apiKey, 'X-Forwarded-For': address },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  await answer.text();
  return answer.status;
}

async function guess(address: string): Promise<void> {
  for (let count = 0; count < FAILURES; count += 1) await exchange(address, 'wrong');
}

describe('TRUST_PROXY', () => {
  test.each(['1', 'loopback', '10.0.0.0/8, 127.0.0.1'])(
    'tells the clients of a proxy apart: %s',
    async (value) => {
      await start({ TRUST_PROXY: value });
      await guess('203.0.113.8:51234');

      expect(await exchange('203.0.113.8', 'sk-demo')).toBe(429);
      expect(await exchange('203.0.113.9', 'sk-demo')).toBe(200);
    },
  );

  test('that is not set counts all clients of a proxy as one, and warns', async () => {
    await start({});
    await guess('203.0.113.8');

    expect(await exchange('203.0.113.9', 'sk-demo')).toBe(429);
    expect(records.filter(({ type }) => type === 'proxy.untrusted')).toHaveLength(1);
  });

  test.each([
    ...['true', 'TRUE', 'false', '0', '10', '1.5', '-1', 'yes', '*', 'all', 'proxy.example.com'],
    ...['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1', '10.0.0.0/7', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x'],
    ...[
      '::/0',
      '2000::/3',
      '::ffff:0:0/96',
      '10.0.0.0/8/8',
      '10.0.0.1,',
      '10.0.0.1 10.0.0.2',
      '127.0.0.1:80',
      'fe80::1%eth0',
    ],
  ])('that would trust all clients, or is malformed, is rejected: %s', (TRUST_PROXY) => {
    expect(() => readSettings({ TRUST_PROXY })).toThrow('TRUST_PROXY must be the number of proxies');
  });

  test.each([
    [undefined, undefined],
    ['', undefined],
    ['2', 2],
    ['10.0.0.0/8,fd00::/8', ['10.0.0.0/8', 'fd00::/8']],
    ['uniquelocal, 192.0.2.7', ['uniquelocal', '192.0.2.7']],
  ])('%p is parsed as %j', (value, expected) => {
    expect(readSettings(value === undefined ? {} : { TRUST_PROXY: value }).trustProxy).toEqual(expected);
  });
});
