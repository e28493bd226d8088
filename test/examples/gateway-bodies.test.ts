import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findExcess } from '../../examples/gateway/json/find-excess.js';
import { anthropicMessages } from '../../examples/gateway/models/anthropic-messages.js';
import { estimateInput } from '../../examples/gateway/models/estimate-input.js';
import { openaiChat } from '../../examples/gateway/models/openai-chat.js';
import { openaiEmbeddings } from '../../examples/gateway/models/openai-embeddings.js';
import { openaiResponses } from '../../examples/gateway/models/openai-responses.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  const key = modelKey(['{ name: m, endpoint: "echo:" }'], ', tokens_per_month: 100000000');
  gateway = await startModelGateway({ keys: { demo: key } });
  token = await gateway.tokenOf('demo');
});

afterAll(() => gateway.close());

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const members = (count: number): string => Array.from({ length: count }, (_, at) => `,"k${at}":1`).join('');

test.each([
  { what: 'with 500 levels is accepted', content: nested(497), more: '', status: 200 },
  { what: 'with 501 levels is rejected', content: nested(498), more: '', status: 400 },
  { what: 'with 200 000 levels is rejected', content: nested(200_000), more: '', status: 400 },
  { what: 'with 1 000 001 values is rejected', content: `[${'1,'.repeat(999_994)}1]`, more: '', status: 400 },
  { what: 'with 10 002 members is rejected', content: '"a"', more: members(10_000), status: 400 },
])('a body $what', async ({ content, more, status }) => {
  const answer = await fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: `{"model":"m","messages":[{"role":"user","content":"Hi","x":${content}}]${more}}`,
  });
  await answer.arrayBuffer();

  expect(answer.status).toBe(status);
});

test.each([
  ['application/json', 200],
  ['APPLICATION/JSON ;charset=UTF-8', 200],
  ['application/json; charset', 200],
  ['application/json; charset=iso-8859-1', 415],
  ['application/jsonx', 400],
  ['text/plain; x=application/json', 400],
])('a body with the content type %s has the status %d', async (type, status) => {
  const answer = await fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': type, Authorization: `Bearer ${token}` },
    body: '{"model":"m","messages":[{"role":"user","content":"Hi"}]}',
  });
  await answer.arrayBuffer();

  expect(answer.status).toBe(status);
});

test('a request without a body is rejected', async () => {
  const answer = await fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
  });

  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('The request body cannot be parsed');
});

const PATHS = ['chat/completions', 'responses', 'embeddings', 'messages', 'messages/count_tokens'];
const VALUES = ['[]', '{}', '1', '""', 'null'];

test.each(PATHS.flatMap((path) => VALUES.map((value) => ({ path, value }))))(
  '$path rejects 1 000 000 values $value',
  async ({ path, value }) => {
    const list = `[${`${value},`.repeat(1_000_000)}${value}]`;
    const answer = await fetch(`${gateway.origin}/v1/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: `{"model":"m","max_tokens":1,"input":${list},"messages":[{"role":"user","content":[]}]}`,
    });

    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(
      'The request body contains too many values: the maximum is 1000000',
    );
  },
);

describe('findExcess()', () => {
  const limits = { depth: 2, members: 2, values: 6 };

  test.each([
    ['{"a":{"b":"{[{[","c":1},"d":[]}', undefined],
    ['[[[]]]', 'depth'],
    ['[{"a":{}}]', 'depth'],
    ['{"a":1,"b":{},"c":2}', 'members'],
    ['[{"a":1,"b":2},{"a":1,"b":2}]', undefined],
    [']]]}"', undefined],
    ['[1,2,"3,,,,,,",4,5,6]', undefined],
    ['[1,2,3,4,5,6,7]', 'values'],
    ['[[],[],[],[]]', 'values'],
    ['[1,2,3,4,"5,6,7"]', undefined],
    ['[{"a":1},{"a":1},{"a":1},{"a":1}]', 'values'],
  ])('finds in %s the excess %p', (text, expected) => {
    expect(findExcess(Buffer.from(text), limits)).toBe(expected);
  });
});

const messages = [{ role: 'user', content: 'Hi' }];
const million: readonly unknown[] = Array(1_000_000).fill(1);

test.each([
  ['messages', openaiChat, { messages: million }],
  ['messages.0', anthropicMessages, { messages: million.slice(0, 100_000), max_tokens: 1 }],
  ['tools', openaiChat, { messages, tools: million }],
  ['functions', openaiChat, { messages, functions: million }],
  ['input', openaiEmbeddings, { input: [...million, ''] }],
])('a long list of invalid entries is rejected without delay at %s', (path, format, body) => {
  const startedAt = performance.now();

  expect(() => format.read({ model: 'm', ...body })).toThrow(`${path}: `);
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test.each([
  ['chats', openaiChat, 'messages'],
  ['responses', openaiResponses, 'input'],
  ['messages', anthropicMessages, 'messages'],
] as const)(
  'the settings of %s do not keep the input or unknown members in memory',
  async (_what, format, member) => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const read = () => {
      const content = [{ type: 'text', text: 'Hi' }];
      const unknown = { large: true };
      const input = [{ role: 'user', content }];
      const asked = format.read({ model: 'm', max_tokens: 1, [member]: input, unknown });
      return { asked, content: new WeakRef(content), unknown: new WeakRef(unknown) };
    };
    const { asked, content, unknown } = read();
    await new Promise(setImmediate);
    collect();

    expect([content.deref(), unknown.deref()]).toEqual([undefined, undefined]);
    expect(asked.model).toBe('m');
  },
);

test('an invalid entry is reported with its path', () => {
  const tools = [{ name: 'a' }, { function: { name: 1 } }];

  expect(() => openaiChat.read({ model: 'm', messages, tools })).toThrow('tools.1.function.name: ');
  expect(() => openaiChat.read({ model: 'm', messages: [] })).toThrow('messages: must not be empty');
});

test.each([
  [{ a: [1, 'b', null, true, {}, []], 'c d': { e: 'f', g: -1.5 } }],
  ['text'],
  [[['nested', { deep: [] }]]],
])('the estimate of %j is a quarter of its length as JSON', (value) => {
  const mediaTokens = { image: 1600, audio: 2000, file: 5000 };

  expect(estimateInput(value)({ mediaTokens })).toBe(Math.ceil(JSON.stringify(value).length / 4));
});
