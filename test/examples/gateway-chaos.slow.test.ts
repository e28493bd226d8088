import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Agent, request } from 'undici';
import type { CompletionRecord } from '../../examples/gateway/models/completion-record.js';
import { boundsOf, chargeOf } from '../support/chaos-charges.js';
import {
  CHAOS_FORMATS,
  CHAOS_KINDS,
  CHAOS_MODEL_FIELDS,
  type ChaosPlan,
  createPlan,
  isGivenUp,
  requestOf,
} from '../support/chaos-plans.js';
import { type ChaosProvider, startChaosProvider } from '../support/chaos-provider.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { createRandom } from '../support/random.js';

const REQUESTS = Number(process.env['CHAOS_REQUESTS'] ?? 10_000);
/** Set `CHAOS_SEED` to repeat a run. */
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const CLIENTS = 48;

const TOKENS_PER_MONTH = 50_000_000;
const REFILL_PER_MS = TOKENS_PER_MONTH / (30 * 86_400_000);

const FIRST: ChaosPlan = {
  ...createPlan(REQUESTS, createRandom(1)),
  ...{ format: 'messages', kind: 'exact', failures: [], input: 5000 },
};

/** The store reports integers. */
const ROUNDING = 2;

const SUFFIXES = {
  chat: 'chat/completions',
  responses: 'responses',
  messages: 'messages',
  embeddings: 'embeddings',
};

let provider: ChaosProvider;
let gateway: ModelGateway;
let token = '';
/** Number of completions before the requests. */
let began = 0;
const plans: ChaosPlan[] = [];
const clients = new Agent({ connections: CLIENTS });

/** Models by format and kind, each with two endpoints. */
function models(): readonly string[] {
  return CHAOS_FORMATS.flatMap((format) =>
    CHAOS_KINDS.map((kind) => {
      const fields = `api_key: pk, request_usage: ${kind !== 'estimated'}`;
      const [first, second] = ['a', 'b'].map(
        (name) => `{ endpoint: "${provider.origin}/${name}/${SUFFIXES[format]}", ${fields} }`,
      );
      return `{ name: ${format}-${kind}, ${CHAOS_MODEL_FIELDS}, endpoints: [${first}, ${second}] }`;
    }),
  );
}

async function ask(plan: ChaosPlan): Promise<void> {
  const { path, body } = requestOf(plan);
  const leaving = new AbortController();
  const timer = plan.kind === 'aborted' ? setTimeout(() => leaving.abort(), plan.leaveAfterMs) : undefined;
  try {
    const answer = await request(gateway.origin + path, {
      ...{ dispatcher: clients, method: 'POST', body: JSON.stringify(body), signal: leaving.signal },
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    });
    await answer.body.dump({ limit: Number.MAX_SAFE_INTEGER });
  } catch (failure) {
    if (!leaving.signal.aborted) throw failure;
  } finally {
    clearTimeout(timer);
  }
}

/** Tokens that the limit store has left, at a time between two others. */
interface Reading {
  readonly tokens: number;
  readonly from: number;
  readonly to: number;
}

async function remaining(): Promise<Reading> {
  const from = Date.now();
  const answer = await fetch(`${gateway.origin}/v1/models`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  await answer.text();
  const [, tokens] = /"tokens_per_month";r=(\d+)/.exec(answer.headers.get('ratelimit') ?? '') ?? [];
  return { tokens: Number(tokens), from, to: Date.now() };
}

/** Returns how far a sum of charges is from the tokens that the limit store has counted between two readings. */
function distance(charged: number, before: Reading, after: Reading): number {
  const spent = before.tokens - after.tokens;
  const lowest = spent + (after.from - before.to) * REFILL_PER_MS;
  const highest = spent + (after.to - before.from) * REFILL_PER_MS;
  return charged < lowest ? charged - lowest : Math.max(0, charged - highest);
}

const chargedBy = ({ inputTokens, outputTokens }: CompletionRecord): number => inputTokens + outputTokens;
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
const sorted = (numbers: readonly number[]): readonly number[] => numbers.toSorted((a, b) => a - b);
const recordsOf = (model: string): readonly CompletionRecord[] =>
  gateway.completions.slice(began).filter((record) => record.model === model);

describe(`${REQUESTS} requests with failures, broken streams, missing usage and disconnects (seed ${SEED})`, () => {
  let before: Reading;

  beforeAll(async () => {
    process.stderr.write(`CHAOS_SEED=${SEED}\n`);
    provider = await startChaosProvider();
    const limits = `, tokens_per_month: ${TOKENS_PER_MONTH}`;
    const key = modelKey(models(), limits).replace(
      'tokens_per_minute: 10000000',
      'tokens_per_minute: 1000000000',
    );
    gateway = await startModelGateway({ keys: { demo: key } });
    token = await gateway.tokenOf('demo');
    const random = createRandom(SEED);
    await ask(FIRST);
    // A full quota does not refill, so it must not be full at the beginning.
    while (TOKENS_PER_MONTH - (await remaining()).tokens < FIRST.input) await pause(10);
    began = gateway.completions.length;
    before = await remaining();
    const work = Array.from({ length: REQUESTS }, (_, id) => createPlan(id, random));
    plans.push(...work);
    const queue = work.values();
    const client = async (): Promise<void> => {
      for (const plan of queue) await ask(plan);
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }, 600_000);

  afterAll(async () => {
    await gateway.close();
    await provider.close();
    await clients.close();
  });

  test.each(
    CHAOS_FORMATS.flatMap((format) => CHAOS_KINDS.map((kind) => ({ format, kind }))).filter(
      ({ format, kind }) => kind !== 'aborted' && !(format === 'embeddings' && kind === 'broken'),
    ),
  )('are charged as documented: $format, $kind', ({ format, kind }) => {
    const expected = plans.filter((plan) => plan.format === format && plan.kind === kind).map(chargeOf);
    const charged = recordsOf(`${format}-${kind}`).map(chargedBy);

    expect(expected.length).toBeGreaterThan(REQUESTS / 50);
    expect(sorted(charged)).toEqual(sorted(expected));
  });

  test.each(CHAOS_FORMATS)('are charged within the estimate if the client disconnects: %s', (format) => {
    const bounds = plans
      .filter((plan) => plan.format === format && plan.kind === 'aborted')
      .map((plan) => boundsOf(plan, provider.servedOf(plan)));
    const records = recordsOf(`${format}-aborted`);
    const charged = sumOf(records.map(chargedBy));

    expect(records.some(({ outcome }) => outcome === 'client_left')).toBe(true);
    expect(charged).toBeGreaterThanOrEqual(sumOf(bounds.map(([lowest]) => lowest)));
    expect(charged).toBeLessThanOrEqual(sumOf(bounds.map(([, highest]) => highest)));
  });

  test('have their cached and reasoning tokens recorded as reported', () => {
    const reported = plans.filter(
      (plan) => plan.kind === 'exact' && plan.format !== 'embeddings' && !isGivenUp(plan),
    );
    const records = ['chat', 'responses', 'messages'].flatMap((format) => recordsOf(`${format}-exact`));

    expect(sumOf(records.map(({ cachedTokens = 0 }) => cachedTokens))).toBe(
      sumOf(reported.map(({ cached }) => cached)),
    );
    expect(sumOf(records.map(({ reasoningTokens = 0 }) => reasoningTokens))).toBe(
      sumOf(reported.map(({ reasoning }) => reasoning)),
    );
  });

  test('reached the provider exactly as often as planned', () => {
    const calls = plans.filter(({ kind }) => kind !== 'aborted').map((plan) => provider.servedOf(plan).calls);
    const planned = plans
      .filter(({ kind }) => kind !== 'aborted')
      .map((plan) => (isGivenUp(plan) ? 2 : plan.failures.length + 1));

    expect(calls).toEqual(planned);
  });

  test('are settled in the limit store with the sum of all charges', async () => {
    const until = performance.now() + 10_000;
    let difference: number;
    // Requests are settled after their responses.
    do {
      await pause(50);
      const charged = sumOf(gateway.completions.slice(began).map(chargedBy));
      difference = distance(charged, before, await remaining());
    } while (Math.abs(difference) > ROUNDING && performance.now() < until);

    expect(Math.abs(difference)).toBeLessThanOrEqual(ROUNDING);
  });
});
