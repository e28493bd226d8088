import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { createRandom } from '../support/random.js';

/** `npm run soak` runs 200 streams for 30 seconds. */
const STREAMS = Number(process.env['STREAMS'] ?? 40);
const SECONDS = Number(process.env['STREAM_SECONDS'] ?? 3);
const PACE_MS = 20;
/** One token a second is given back of it. */
const TOKENS_PER_MONTH = 2_592_000;

interface Outcome {
  readonly status: number;
  readonly requestId: string;
  readonly asked: number;
  /** Received. */
  readonly words: number;
  readonly left: boolean;
  readonly remaining: number;
}

let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  const limits = `, concurrent_requests: ${STREAMS}, tokens_per_month: ${TOKENS_PER_MONTH}`;
  const key = modelKey(['{ name: echo-1, endpoint: "echo:", max_tokens: 1000 }'], limits);
  gateway = await startModelGateway({ keys: { demo: key.replace(', concurrent_requests: 1000', '') } });
  token = await gateway.tokenOf('demo');
});

afterAll(() => gateway.close());

/** Streams a chat of so many words; the client leaves after `leaveAfter` of them. */
function stream(words: number, leaveAfter = Number.POSITIVE_INFINITY): Promise<Outcome> {
  const content = `!pace=${PACE_MS} !times=${words} a`;
  const body = JSON.stringify({
    model: 'echo-1',
    stream: true,
    messages: [{ role: 'user', content }],
  });
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(
      `${gateway.origin}/v1/chat/completions`,
      {
        method: 'POST',
        agent: false,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      },
      (answer) =>
        follow(answer, { asked: words, leaveAfter, leave: () => sent.destroy() }).then(resolve, reject),
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

interface Visit {
  readonly asked: number;
  readonly leaveAfter: number;
  leave(): void;
}

function follow(answer: IncomingMessage, { asked, leaveAfter, leave }: Visit): Promise<Outcome> {
  const requestId = String(answer.headers['x-request-id']);
  const remaining = Number(/"tokens_per_month";r=(\d+)/.exec(String(answer.headers['ratelimit']))?.[1]);
  return new Promise((resolve) => {
    let text = '';
    let left = false;
    const words = (): number => text.split('"content":"').length - 2;
    answer.setEncoding('utf8');
    answer.on('data', (part: string) => {
      text += part;
      left ||= words() >= leaveAfter;
      if (left) leave();
    });
    answer.on('error', () => {});
    answer.once('close', () => {
      resolve({ status: answer.statusCode ?? 0, requestId, asked, words: words(), left, remaining });
    });
  });
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  for (let round = 0; round < 3; round += 1) runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

describe(`${STREAMS} streams at a time for ${SECONDS} s, of whose clients a third leave at random`, () => {
  const outcomes: Outcome[] = [];
  let began = 0;
  let grownBytes = 0;
  let remainingBefore = 0;

  beforeAll(
    async () => {
      const random = createRandom(7);
      await Promise.all(Array.from({ length: STREAMS }, () => stream(2)));
      remainingBefore = (await stream(1)).remaining;
      began = gateway.completions.length - 1;
      const before = heapUsed();
      const until = performance.now() + SECONDS * 1000;
      const isEnough = () =>
        performance.now() >= until && outcomes.length > STREAMS && outcomes.some(({ left }) => left);
      const client = async (): Promise<void> => {
        while (!isEnough()) {
          const words = 5 + Math.floor(random() * 60);
          const leaves = random() < 1 / 3;
          outcomes.push(await stream(words, leaves ? Math.ceil(random() * (words - 2)) : undefined));
        }
      };
      await Promise.all(Array.from({ length: STREAMS }, client));
      while (gateway.completions.length < began + 1 + outcomes.length) await pause(10);
      grownBytes = heapUsed() - before;
    },
    (SECONDS + 60) * 1000,
  );

  test('all start successfully', () => {
    expect(outcomes.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('are charged as emitted: complete ones exactly, others until the client disconnected', () => {
    const records = new Map(gateway.completions.map((record) => [record.requestId, record]));
    const counted = outcomes.map((outcome) => ({ ...outcome, record: records.get(outcome.requestId) }));
    const whole = counted.filter(({ left }) => !left);
    const early = counted.filter(({ left }) => left);

    expect(
      whole.filter(({ record, words, asked }) => record?.outputTokens !== words || words !== asked),
    ).toEqual([]);
    expect(whole.filter(({ record }) => record?.outcome !== 'completed')).toEqual([]);
    // What was on its way while the client left was emitted too.
    expect(early.filter(({ record, words }) => (record?.outputTokens ?? 0) < words)).toEqual([]);
    expect(early.filter(({ record, asked }) => (record?.outputTokens ?? 0) > asked)).toEqual([]);
    expect(early.filter(({ record }) => record?.outcome === 'client_left').length).toBeGreaterThan(
      early.length / 2,
    );
  });

  test('are settled with the limits as charged', async () => {
    const { remaining } = await stream(1);
    const used = sumOf(
      gateway.completions.slice(began, -1).map(({ inputTokens, outputTokens }) => inputTokens + outputTokens),
    );
    const spent = remainingBefore - remaining;

    expect(spent).toBeLessThanOrEqual(used + 1);
    expect(spent).toBeGreaterThanOrEqual(used - SECONDS - 60);
  });

  test('release every slot', async () => {
    const places = await Promise.all(Array.from({ length: STREAMS + 1 }, () => stream(100)));
    const statuses = places.map(({ status }) => status).sort();

    expect(statuses).toEqual([...Array.from({ length: STREAMS }, () => 200), 429]);
  });

  test('do not leak memory', () => {
    expect(grownBytes).toBeLessThan(20 * 1024 * 1024);
  });
});
