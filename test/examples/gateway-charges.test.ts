import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readCount } from '../../examples/gateway/models/token-usage.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

const AUDIENCE = 'https://gateway.example.com';

const MODELS = ['{ name: echo-1, endpoint: "echo:", max_tokens: 5 }', '{ name: echo-2, endpoint: "echo:" }'];

/** Keys that may use 40 tokens in a month. */
const limited = (...keyIds: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(keyIds.map((keyId) => [keyId, modelKey(MODELS, ', tokens_per_month: 40')]));

let gateway: ModelGateway;

beforeAll(async () => {
  const agent = `type: api_call\npermissions: [execute:models]\nrate_limits: {}\ndelegation: { subjects: [owner], audiences: ["${AUDIENCE}"] }\n`;
  gateway = await startModelGateway({
    keys: { owner: modelKey(MODELS), agent, ...limited('monthly', 'chats', 'messages', 'both') },
    environment: { ISSUER: AUDIENCE, AUDIENCE },
  });
});

afterAll(() => gateway.close());

async function chat(
  token: string,
  body: object = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const answer = await fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({
      model: 'echo-1',
      messages: [{ role: 'user', content: 'one two three' }],
      ...body,
    }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

describe('a delegated token', () => {
  const delegate = async (): Promise<string> =>
    gateway.tokenOf('agent', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: await gateway.tokenOf('owner'),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: AUDIENCE,
    });

  test('uses the models of its subject', async () => {
    const token = await delegate();
    const list = await fetch(`${gateway.origin}/v1/models`, {
      headers: { Authorization: `Bearer ${token}` },
    });

    expect((await chat(token)).status).toBe(200);
    expect(await list.json()).toMatchObject({ data: [{ id: 'echo-1' }, { id: 'echo-2' }] });
  });

  test('defines no tools, as it allows no functions', async () => {
    expect(
      (await chat(await delegate(), { tools: [{ type: 'function', function: { name: 'f' } }] })).status,
    ).toBe(403);
  });
});

test.each([
  ['/v1/chat/completions', 'max_completion_tokens', 'chats'],
  ['/v1/messages', 'max_tokens', 'messages'],
])('what %s requests beyond the limit of its model is not reserved', async (path, name, keyId) => {
  const ask = async (): Promise<Response> =>
    fetch(gateway.origin + path, {
      method: 'POST',
      headers: { 'X-API-Key': await gateway.tokenOf(keyId), 'Content-Type': 'application/json' },
      body: JSON.stringify({ model: 'echo-1', [name]: 35, messages: [{ role: 'user', content: 'one' }] }),
    });

  expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
});

test('the larger of two limits in a request is reserved, because the provider can use either', async () => {
  const token = await gateway.tokenOf('both');
  const ask = () => chat(token, { model: 'echo-2', max_tokens: 1, max_completion_tokens: 25 });

  expect([(await ask()).status, (await ask()).status]).toEqual([200, 429]);
});

test('monthly tokens are a limit like the others: usage counts, and rejections have the time to wait', async () => {
  const token = await gateway.tokenOf('monthly');
  const statuses = [];
  for (let turn = 0; turn < 5; turn += 1) statuses.push((await chat(token)).status);
  const { status, headers, text } = await chat(token);

  // 11 + 5 are reserved each time and 3 + 3 used: the sixth finds 10 left.
  expect([...statuses, status]).toEqual([200, 200, 200, 200, 200, 429]);
  expect(headers.get('ratelimit')).toContain('"tokens_per_month";r=10');
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(86_400);
  expect(headers.get('x-should-retry')).toBe('false');
  expect(JSON.parse(text).error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' });
});

test.each([
  [12.5, 12.5],
  [1e300, 1e9],
  [Number.POSITIVE_INFINITY, 1e9],
  [Number.NaN, 0],
  [-5, 0],
  ['5', 0],
])('a token count %p of a provider is settled as %d', (count, expected) => {
  expect(readCount(count)).toBe(expected);
});
