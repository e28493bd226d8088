import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditRecord } from 'passport-jwe/audit';
import {
  CHAT_MEMBERS,
  EMBEDDINGS_MEMBERS,
  type KnownMembers,
  MESSAGES_MEMBERS,
} from '../../examples/gateway/models/known-members.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { type RecordingUpstream, replyJson, startRecordingUpstream } from '../support/recording-upstream.js';

const AUDIENCE = 'https://gateway.example.com';
const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';
const COUNT = '/v1/messages/count_tokens';
const EMBEDDINGS = '/v1/embeddings';

const records: AuditRecord[] = [];
let provider: RecordingUpstream;
let gateway: ModelGateway;
let tokens: Readonly<Record<'tiered' | 'limited' | 'delegated', string>>;

beforeAll(async () => {
  provider = await startRecordingUpstream();
  const models = ['chat/completions', 'messages', 'embeddings'].map(
    (path) => `{ name: ${path[0]}, endpoint: "${provider.origin}/v1/${path}", api_key: pk }`,
  );
  const tiered = modelKey(models, ', tokens_per_month: 100000000');
  const type = 'type: function_call\nfunctions: [get_weather, web_search, code_execution_20250522]';
  const agent = `type: api_call\npermissions: [execute:models]\nrate_limits: {}\ndelegation: { subjects: [limited, tiered], audiences: ["${AUDIENCE}"] }\n`;
  gateway = await startModelGateway({
    sinks: [{ write: (record) => void records.push(record) }],
    keys: { tiered, limited: tiered.replace('type: tiered_model_exec', type), agent },
    environment: { ISSUER: AUDIENCE, AUDIENCE },
  });
  tokens = {
    tiered: await gateway.tokenOf('tiered'),
    limited: await gateway.tokenOf('limited'),
    delegated: await gateway.tokenOf('agent', {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: await gateway.tokenOf('tiered'),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: AUDIENCE,
    }),
  };
});

afterAll(async () => {
  await gateway.close();
  await provider.close();
});

/** Sends a request with these members, and returns the status and the rejected member. */
async function ask(kind: keyof typeof tokens, route: string, members: string): Promise<string> {
  provider.answer(replyJson({ usage: {} }));
  const model = route === EMBEDDINGS ? '"model":"e","input":"a"' : `"model":"${route === CHAT ? 'c' : 'm'}"`;
  const limit = route === MESSAGES ? ',"max_tokens":9' : '';
  const messages = route === EMBEDDINGS ? '' : ',"messages":[{"role":"user","content":"Hi"}]';
  const answer = await fetch(gateway.origin + route, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${tokens[kind]}` },
    body: `{${model}${limit}${messages}${members}}`,
  });
  const { error } = JSON.parse(await answer.text());
  if (provider.requests.length > 0 !== answer.ok) return 'inconsistent';
  return [answer.status, error?.param].filter((part) => part !== undefined && part !== null).join(' ');
}

const tool = (text: string): string =>
  `,"tools":[{"type":"function","function":{"name":"get_weather"}},${text}]`;

describe('a token that limits functions', () => {
  test.each([
    [
      CHAT,
      tool('{"type":"function","function":{"name":"get_weather","strict":true,"parameters":{}}}'),
      '200',
    ],
    [CHAT, tool('{"type":"custom","custom":{"name":"get_weather","format":{"type":"text"}}}'), '200'],
    [CHAT, tool('{"name":"wire_money","function":{"name":"get_weather"}}'), '403 tools.1.name'],
    [CHAT, tool('{"function":{"name":"get_weather"},"custom":{"name":"wire_money"}}'), '403'],
    [CHAT, tool('{"function":{"name":"wire_money","name":"get_weather"}}'), '400'],
    [CHAT, tool('{"function":{"name":"get_weather","n\\u0061me":"wire_money"}}'), '400'],
    [CHAT, tool('{"function":{"name":"get_weather","Name":"wire_money"}}'), '403 tools.1.function.Name'],
    [CHAT, tool('{"type":"function"}'), '400'],
    [CHAT, tool('{"type":"mcp","server_url":"https://mcp.example.com"}'), '403'],
    [CHAT, tool('{"type":"code_interpreter","name":"get_weather"}'), '403'],
    [CHAT, tool('{"type":"get_weather","Function":{"name":"wire_money"}}'), '403 tools.1.Function'],
    [
      CHAT,
      tool('{"type":"get_weather","function":{"name":"get_weather","Name":"w"}}'),
      '403 tools.1.function.Name',
    ],
    [CHAT, ',"functions":[{"name":"get_weather","other":{}}]', '403 functions.0.other'],
    [CHAT, ',"web_search_options":{}', '403 web_search_options'],
    [CHAT, ',"mcp_servers":[]', '403 mcp_servers'],
    [CHAT, ',"models":["m"]', '403 models'],
    [CHAT, ',"previous_response_id":"r"', '403 previous_response_id'],
    [CHAT, ',"conversation":"c"', '403 conversation'],
    [CHAT, ',"invented_tomorrow":null', '403 invented_tomorrow'],
    [CHAT, ',"reasoning_effort":"low","verbosity":"low","store":false', '200'],
    [CHAT, ',"metadata":{"any":{"Thing":1}}', '200'],
    [MESSAGES, ',"tools":[{"name":"get_weather","input_schema":{"x":1},"cache_control":null}]', '200'],
    [MESSAGES, ',"tools":[{"name":"get_weather","function":{"name":"wire_money"}}]', '403 tools.0.function'],
    [MESSAGES, ',"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":1}]', '200'],
    [MESSAGES, ',"tools":[{"type":"code_execution_20250522","name":"code_execution"}]', '403'],
    [MESSAGES, ',"tools":[{"type":"bash_20250124","name":"get_weather"}]', '403'],
    [MESSAGES, ',"mcp_servers":[{"type":"url","url":"https://e.com","name":"m"}]', '403 mcp_servers'],
    [MESSAGES, ',"container":"c"', '403 container'],
    [MESSAGES, ',"fallbacks":"default"', '403 fallbacks'],
    [MESSAGES, ',"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}', '200'],
    [COUNT, ',"mcp_servers":[]', '403 mcp_servers'],
    [EMBEDDINGS, ',"dimensions":8', '200'],
    [EMBEDDINGS, ',"tools":[]', '403 tools'],
  ])('at %s with %s is answered %s', async (route, members, expected) => {
    expect(await ask('limited', route, members)).toBe(expected);
  });
});

test('a rejected member is an audit event', async () => {
  records.length = 0;
  await ask('limited', CHAT, ',"mcp_servers":[]');
  await ask('tiered', CHAT, ',"models":["other"]');
  const refused = records.filter(({ type }) => type === 'token.refused');

  expect(refused).toMatchObject([
    { clientId: 'limited', code: 'ERR_ACCESS_DENIED' },
    { clientId: 'tiered', code: 'ERR_ACCESS_DENIED' },
  ]);
});

test.each([
  [CHAT, ',"invented_tomorrow":{}', '403 invented_tomorrow'],
  [CHAT, tool('{"type":"function","function":{"name":"f"}}'), '403'],
  [CHAT, ',"seed":1', '200'],
])('a delegated token at %s with %s is answered %s', async (route, members, expected) => {
  expect(await ask('delegated', route, members)).toBe(expected);
});

describe('a token that limits models alone', () => {
  test.each([
    [CHAT, ',"models":["other"]', '403 models'],
    [CHAT, ',"route":"fallback"', '403 route'],
    [CHAT, ',"fallbacks":[{"model":"other"}]', '403 fallbacks'],
    [CHAT, ',"plugins":[{"id":"auto-router"}]', '403 plugins'],
    [CHAT, ',"Models":["other"]', '403 Models'],
    [CHAT, ',"model\u017f":["other"]', '403 model\u017f'],
    [CHAT, ',"Model":"other"', '400'],
    [CHAT, ',"MAX_TOKENS":1000000', '400'],
    [CHAT, ',"prompt":{"id":"p"}', '403 prompt'],
    [
      MESSAGES,
      ',"tools":[{"type":"advisor_20260301","name":"advisor","model":"other"}]',
      '403 tools.0.model',
    ],
    [MESSAGES, ',"mcp_servers":[]', '200'],
    [CHAT, `,"x":{"a":"a","a":"b"}${tool('{"type":"web_search","Custom":1}')}`, '200'],
    [CHAT, ',"invented_tomorrow":{}', '200'],
  ])('at %s with %s is answered %s', async (route, members, expected) => {
    expect(await ask('tiered', route, members)).toBe(expected);
  });
});

/** Members of the official clients that are not in the allow-lists, since they add tools, models or state. */
const EXCLUDED = new Set(
  `moderation web_search_options container diagnostics user_profile_id workspace_id billing_policy betas thread
   fallback_credit_token fallbacks mcp_servers`.split(/\s+/),
);

test.each([
  ['openai/resources/chat/completions/completions', 'ChatCompletionCreateParamsBase', CHAT_MEMBERS],
  ['openai/resources/embeddings', 'EmbeddingCreateParams', EMBEDDINGS_MEMBERS],
  ['@anthropic-ai/sdk/resources/messages/messages', 'MessageCreateParamsBase', MESSAGES_MEMBERS],
  ['@anthropic-ai/sdk/resources/beta/messages/messages', 'MessageCreateParamsBase', MESSAGES_MEMBERS],
])('all members of %s %s are in an allow-list or excluded', async (file, name, { body }: KnownMembers) => {
  const text = await readFile(new URL(`../../node_modules/${file}.d.ts`, import.meta.url), 'utf8');
  const [, declaration = ''] = text.split(`export interface ${name} {`);
  const [members = ''] = declaration.split('\n}');
  const names = [...members.matchAll(/^ {4}(\w+)\??:/gm)].map(([, member = '']) => member);

  expect(names.length).toBeGreaterThan(4);
  expect(names.filter((member) => !body.has(member) && !EXCLUDED.has(member))).toEqual([]);
});
