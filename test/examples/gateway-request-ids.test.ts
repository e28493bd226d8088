import { afterEach, describe, expect, test } from '@jest/globals';
import type { AuditRecord } from 'passport-jwe/audit';
import { createLogger } from '../../examples/gateway/observability/request-log.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

const GENERATED = /^req_[0-9a-f]{32}$/;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

let gateway: ModelGateway | undefined;
let records: AuditRecord[];
let lines: Readonly<Record<string, unknown>>[];

afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});

async function start(environment: Readonly<Record<string, string>>): Promise<void> {
  records = [];
  lines = [];
  gateway = await startModelGateway({
    keys: { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) },
    environment: { SHUTDOWN_DELAY_MS: '1', ...environment },
    sinks: [{ write: (record) => void records.push(record) }],
    observers: { logger: createLogger({ write: (line) => void lines.push(JSON.parse(line)) }) },
  });
}

/** The request ID that the gateway returns for a token request with these headers. */
async function nameOf(headers: Readonly<Record<string, string>>): Promise<string | null> {
  const answer = await fetch(`${gateway?.origin}/oauth/token`, {
    method: 'POST',
    headers: { 'X-API-Key': 'sk-demo', ...headers },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  await answer.text();
  expect(answer.headers.get('request-id')).toBe(answer.headers.get('x-request-id'));
  return answer.headers.get('x-request-id');
}

const logLine = () => lines.find(({ msg }) => msg === 'request');

describe('the request ID of the gateway', () => {
  test('is the ID that a proxy in TRUST_PROXY sent', async () => {
    await start({ TRUST_PROXY: 'loopback' });

    expect(await nameOf({ 'X-Request-Id': 'edge-1:a' })).toBe('edge-1:a');
  });

  test.each([{}, { TRUST_PROXY: '10.0.0.0/8' }])('is generated for other peers: %j', async (environment) => {
    await start(environment);

    expect(await nameOf({ 'X-Request-Id': 'edge-1', 'X-Forwarded-For': '10.0.0.1' })).toMatch(GENERATED);
  });

  test.each(['a b', 'a,b', '"a"', 'x'.repeat(129)])(
    'is generated if a proxy sent a malformed ID: %j',
    async (id) => {
      await start({ TRUST_PROXY: 'loopback' });

      expect(await nameOf({ 'X-Request-Id': id })).toMatch(GENERATED);
    },
  );

  test('is in the audit events and in the log line of the request, with the client', async () => {
    await start({});
    const id = await nameOf({});

    expect(records.find(({ type }) => type === 'token.issued')).toMatchObject({
      requestId: id,
      clientId: 'demo',
    });
    expect(logLine()).toMatchObject({ request_id: id, client_id: 'demo', route: '/oauth/token' });
  });

  test('is logged with the trace ID that a proxy in TRUST_PROXY sent', async () => {
    await start({ TRUST_PROXY: 'loopback' });
    await nameOf({ traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` });

    expect(logLine()).toHaveProperty('trace_id', TRACE_ID);
  });

  test.each([
    [{}, `00-${TRACE_ID}-b7ad6b7169203331-01`],
    [{ TRUST_PROXY: 'loopback' }, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    [{ TRUST_PROXY: 'loopback' }, `ff-${TRACE_ID}-b7ad6b7169203331-01`],
  ])(
    'is logged without a trace ID that is not trusted or malformed: %j %s',
    async (environment, traceparent) => {
      await start(environment);
      await nameOf({ traceparent });

      expect(logLine()).not.toHaveProperty('trace_id');
    },
  );
});
