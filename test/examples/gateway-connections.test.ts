import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createMetrics } from '../../examples/gateway/observability/metrics.js';
import { CONNECTION_CASES, headOf, open, until } from '../support/connections.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.js';

const CALLER = [
  'type: api_call',
  'permissions: [call:endpoints, read:documents]',
  'endpoints: ["* /*"]',
  'rate_limits: { requests_per_minute: 100000, concurrent_requests: 1000 }',
  '',
].join('\n');

const lines: Record<string, unknown>[] = [];
const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
const metrics = createMetrics();
let upstream: RecordingUpstream;
let gateway: ModelGateway;
/** Requests to the upstream that it was spared the answer of. */
let abandoned = 0;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  gateway = await start({ logger, metrics });
});

beforeEach(() => {
  lines.splice(0);
  abandoned = 0;
  upstream.answer((res, req) => {
    res.once('close', () => {
      if (!res.writableFinished) abandoned += 1;
    });
    if (req.method === 'POST') res.end('ok');
  });
});

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

function start(observers: object): Promise<ModelGateway> {
  return startModelGateway({
    keys: { caller: CALLER, demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) },
    environment: { PROXY_UPSTREAM: upstream.origin, SHUTDOWN_DELAY_MS: '1', SHUTDOWN_TIMEOUT_MS: '20000' },
    observers,
  });
}

async function running({ registry } = metrics): Promise<number> {
  const text = await registry.getSingleMetricAsString('gateway_admissions_running');
  return Number(text.split(' ').at(-1));
}

async function countRequests(status: string): Promise<number> {
  const text = await metrics.registry.getSingleMetricAsString('gateway_http_requests_total');
  const counts = text.split('\n').filter((line) => line.includes(`status="${status}"`));
  return counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function sendingTo(target: ModelGateway, observed = metrics) {
  return {
    port: Number(new URL(target.origin).port),
    ...{ slow: '/proxy/slow', quick: '/documents', upload: '/proxy/upload', body: 'x'.repeat(100) },
    headers: [`Authorization: Bearer ${await target.tokenOf('caller')}`, 'Content-Type: text/plain'],
    untilArrived: (count: number) => until(async () => (await running(observed)) >= count),
  };
}

const requestLines = () => lines.filter(({ msg, route }) => msg === 'request' && route !== '/oauth/token');

describe('for every request, the gateway', () => {
  test.each(CONNECTION_CASES)('frees the slot, after $name', async ({ run }) => {
    await run(await sendingTo(gateway));
    await until(async () => (await running()) === 0);

    expect(await running()).toBe(0);
  });

  test.each(CONNECTION_CASES)('writes one log line, after $name', async ({ requests, answered, run }) => {
    await run(await sendingTo(gateway));
    await until(() => requestLines().length >= requests);

    expect(requestLines()).toHaveLength(requests);
    expect(requestLines().filter(({ status }) => status === 200)).toHaveLength(answered);
    expect(requestLines().filter((line) => line['cut_short'] === true)).toHaveLength(requests - answered);
  });

  test.each(CONNECTION_CASES)('counts one in the metrics, after $name', async (connection) => {
    const { requests, answered, run } = connection;
    const sending = await sendingTo(gateway);
    const before = [await countRequests('200'), await countRequests('none')] as const;
    const counted = async () => [
      (await countRequests('200')) - before[0],
      (await countRequests('none')) - before[1],
    ];
    await run(sending);
    await until(async () => (await counted()).reduce((sum, count) => sum + count) >= requests);

    expect(await counted()).toEqual([answered, requests - answered]);
  });
});

test.each(CONNECTION_CASES)(
  'the gateway shuts down at once without aborted requests, after $name',
  async ({ run }) => {
    const own = createMetrics();
    const ending = await start({ logger, metrics: own });
    await run(await sendingTo(ending, own));
    const startedAt = performance.now();
    await ending.close();

    expect(performance.now() - startedAt).toBeLessThan(4000);
    expect(lines.filter((line) => 'cut_off' in line)).toEqual([]);
  },
);

test('a pipelined, forwarded request is aborted when its connection closes', async () => {
  const { port, headers, untilArrived } = await sendingTo(gateway);
  const { socket } = await open(port);
  socket.write(headOf('GET', '/proxy/slow', headers).repeat(3));
  await untilArrived(3);
  await until(() => upstream.requests.length === 3);
  socket.resetAndDestroy();
  await until(() => abandoned === 3);

  expect(abandoned).toBe(3);
});

test('a pipelined request to a model is charged to a client that disconnected', async () => {
  const content = '!pace=20 !times=1000 a';
  const body = JSON.stringify({ model: 'echo-1', stream: true, messages: [{ role: 'user', content }] });
  const { port, untilArrived } = await sendingTo(gateway);
  const headers = [
    `Authorization: Bearer ${await gateway.tokenOf('demo')}`,
    ...['Content-Type: application/json', `Content-Length: ${body.length}`],
  ];
  const { socket } = await open(port);
  socket.write(`${headOf('POST', '/v1/chat/completions', headers)}${body}`.repeat(2));
  await untilArrived(2);
  socket.resetAndDestroy();
  await until(() => gateway.completions.length === 2);

  expect(gateway.completions.map(({ outcome }) => outcome)).toEqual(['client_left', 'client_left']);
});
