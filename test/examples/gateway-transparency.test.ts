import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { MODEL_REQUEST_SHAPES } from '../support/model-request-shapes.js';
import { type RecordingUpstream, replyJson, startRecordingUpstream } from '../support/recording-upstream.js';

const PROVIDER_KEY = 'pk-canary-0123456789';

let provider: RecordingUpstream;
let gateway: ModelGateway;

beforeAll(async () => {
  provider = await startRecordingUpstream();
  const models = (more: string): readonly string[] =>
    [
      ['gpt', 'chat/completions'],
      ['agent', 'responses'],
      ['claude', 'messages'],
      ['vectors', 'embeddings'],
    ].map(
      ([name, path]) =>
        `{ name: ${name}, endpoint: "${provider.origin}/v1/${path}", api_key: ${PROVIDER_KEY}${more} }`,
    );
  const limits = ', tokens_per_month: 1000000000';
  gateway = await startModelGateway({
    keys: {
      plain: modelKey(models(''), limits),
      set: modelKey(models(', max_tokens: 2000, temperature: 0.3, request_usage: true'), limits),
      old: modelKey(models(', max_tokens: 50, token_limit_member: max_tokens'), limits),
      current: modelKey(models(', token_limit_member: max_completion_tokens'), limits),
    },
  });
});

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

interface Sent {
  readonly route: string;
  readonly body: string | Buffer<ArrayBuffer>;
}

/** Sends a body through the gateway, and returns the bytes that reach the provider. */
async function relay(keyId: string, { route, body }: Sent): Promise<Buffer | string> {
  provider.answer(replyJson({ usage: {} }));
  const answer = await fetch(gateway.origin + route, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${await gateway.tokenOf(keyId)}`,
    },
    body,
  });
  return provider.requests[0]?.bytes ?? `${answer.status} ${await answer.text()}`;
}

describe('without parameters in the API key file', () => {
  test('every shape of request reaches the provider byte for byte', async () => {
    const changed: string[] = [];
    for (const shape of MODEL_REQUEST_SHAPES) {
      const arrived = await relay('plain', shape);
      if (!Buffer.from(shape.body).equals(Buffer.from(arrived))) changed.push(`${shape.name}: ${arrived}`);
    }

    expect(changed).toEqual([]);
    expect(MODEL_REQUEST_SHAPES.length).toBeGreaterThanOrEqual(56);
  });

  test('the provider receives only these headers', async () => {
    await relay('plain', {
      route: '/v1/chat/completions',
      body: '{"model":"gpt","messages":[{"role":"user"}]}',
    });
    const names = (provider.requests[0]?.rawHeaders ?? []).filter((_, index) => index % 2 === 0);

    expect(names.map((name) => name.toLowerCase()).sort()).toEqual([
      ...[
        'accept',
        'accept-encoding',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
      ],
    ]);
  });
});

/** Members that the parameters of the key `set` can change. */
const CONFIGURED = [
  ...['max_tokens', 'max_completion_tokens', 'max_output_tokens'],
  ...['temperature', 'stream_options', 'thinking'],
];

test('with parameters, all other members keep their value and order', async () => {
  const others = (text: string): string =>
    JSON.stringify(Object.entries(JSON.parse(text)).filter(([name]) => !CONFIGURED.includes(name)));
  const changed: string[] = [];
  for (const shape of MODEL_REQUEST_SHAPES) {
    const arrived = String(await relay('set', shape));
    if (others(arrived) !== others(shape.body)) changed.push(`${shape.name}: ${arrived}`);
  }

  expect(changed).toEqual([]);
});

const chat = (members: string) => ({
  route: '/v1/chat/completions',
  body: `{ "model":"gpt", "messages":[{"role":"user","content":"Hi"}],"seed":9007199254740993${members}\n}`,
});
const message = (members: string) => ({
  route: '/v1/messages',
  body: `{ "model":"claude", "messages":[{"role":"user","content":"Hi"}]${members}\n}`,
});
const CAP = ',"max_completion_tokens":2000';

test.each([
  ['set', '', `\n${CAP},"temperature":0.3`],
  ['set', ',"max_tokens":9, "temperature":1', ',"max_tokens":9, "temperature":1\n'],
  ['set', ',"max_tokens" : 9000,"temperature":0', ',"max_tokens" : 2000,"temperature":0\n'],
  ['set', ',"top_p":0.5', `,"top_p":0.5\n${CAP}`],
  ['set', ',"temperature":null,"top_p":null', `,"temperature":0.3,"top_p":null\n${CAP}`],
  [
    'set',
    ',"stream":true,"top_p":1,"max_tokens":1',
    ',"stream":true,"top_p":1,"max_tokens":1\n,"stream_options":{"include_usage":true}',
  ],
  [
    'set',
    ',"stream":true,"top_p":1,"max_tokens":1,"stream_options":{ "x":1 , "include_usage":false }',
    ',"stream":true,"top_p":1,"max_tokens":1,"stream_options":{ "x":1 , "include_usage":true }\n',
  ],
  ['old', '', '\n,"max_tokens":50'],
  ['old', ',"max_completion_tokens":7', ',"max_tokens":7'],
  ['old', ',"max_tokens":70,"max_completion_tokens":60, "n":1', ',"max_tokens":50, "n":1\n'],
  ['current', '', '\n'],
  ['current', ',"max_tokens":7', ',"max_completion_tokens":7'],
])('the parameters of the key %s change a chat with %j to %j', async (keyId, members, sent) => {
  const { route, body } = chat(members);

  expect(String(await relay(keyId, { route, body }))).toBe(
    `${body.slice(0, body.length - members.length - 2)}${sent}}`,
  );
});

test.each([
  [',"max_tokens":900', ',"max_tokens":900\n,"temperature":0.3'],
  [',"max_tokens":9000,"top_p":1', ',"max_tokens":2000,"top_p":1\n'],
  [
    ',"max_tokens":8000,"thinking":{"type":"enabled", "budget_tokens" : 6000 }',
    ',"max_tokens":2000,"thinking":{"type":"enabled", "budget_tokens" : 1500 }\n',
  ],
  [
    ',"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":31999}',
    ',"max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1999}\n',
  ],
  [
    ',"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":1024}',
    ',"max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024}\n',
  ],
  [
    ',"max_tokens":3000,"thinking":{"type":"adaptive"}',
    ',"max_tokens":2000,"thinking":{"type":"adaptive"}\n',
  ],
])('the parameters change a message with %j to %j', async (members, sent) => {
  const { route, body } = message(members);

  expect(String(await relay('set', { route, body }))).toBe(
    `${body.slice(0, body.length - members.length - 2)}${sent}}`,
  );
});

const LIMIT = ',"max_output_tokens":2000';

test.each([
  ['', `\n${LIMIT},"temperature":0.3`],
  [',"max_output_tokens":9', ',"max_output_tokens":9\n,"temperature":0.3'],
  [',"max_output_tokens" : 9000,"temperature":0', ',"max_output_tokens" : 2000,"temperature":0\n'],
  [',"max_output_tokens":null,"top_p":1', ',"max_output_tokens":2000,"top_p":1\n'],
  [',"reasoning":{"effort":"low"}', `,"reasoning":{"effort":"low"}\n${LIMIT}`],
])('the parameters change a response with %j to %j', async (members, sent) => {
  const body = `{ "model":"agent", "input":"Hi"${members}\n}`;

  expect(String(await relay('set', { route: '/v1/responses', body }))).toBe(
    `{ "model":"agent", "input":"Hi"${sent}}`,
  );
});

test('a limit that leaves no room for thinking is explained to the client', async () => {
  const thinking = ',"max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":8000}';

  expect(await relay('old', message(thinking))).toMatch(/^400 .*limits max_tokens of this model to 50/);
});

test.each([
  ['a repeated member', '{"model":"gpt","messages":[{"role":"user"}],"mod\\u0065l":"other"}', 400],
  [
    'malformed UTF-8',
    Buffer.from('{"model":"gpt","messages":[{"role":"user","content":"\xff"}]}', 'latin1'),
    400,
  ],
  ['an array', '[]', 400],
  ['no body', '', 400],
])('%s is rejected', async (_what, body, status) => {
  expect(await relay('plain', { route: '/v1/chat/completions', body })).toMatch(new RegExp(`^${status} `));
});

test('a complete answer reaches the client byte for byte, without an ETag', async () => {
  const bytes = Buffer.from('{ "usage":{},\n "id": 9007199254740993, "text":"a – b" }');
  provider.answer((res) => void res.writeHead(200, { 'Content-Type': 'application/json' }).end(bytes));
  const answer = await fetch(`${gateway.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${await gateway.tokenOf('plain')}`,
    },
    body: '{"model":"gpt","messages":[{"role":"user"}]}',
  });

  expect(answer.headers.get('etag')).toBeNull();
  expect(answer.headers.get('content-length')).toBe(String(bytes.length));
  expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
});
