import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AuditRecord } from 'passport-jwe/audit';
import {
  CHAT_MEMBERS,
  EMBEDDINGS_MEMBERS,
  type KnownMembers,
  MESSAGES_MEMBERS,
  RESPONSES_MEMBERS,
} from '../../examples/gateway/models/known-members.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { type RecordingUpstream, replyJson, startRecordingUpstream } from '../support/recording-upstream.js';

const AUDIENCE = 'https://gateway.example.com';
const CHAT = '/v1/chat/completions';
const MESSAGES = '/v1/messages';
const COUNT = '/v1/messages/count_tokens';
const EMBEDDINGS = '/v1/embeddings';
const RESPONSES = '/v1/responses';

const records: AuditRecord[] = [];
let provider: RecordingUpstream;
let gateway: ModelGateway;
let tokens: Readonly<Record<'tiered' | 'limited' | 'delegated', string>>;

beforeAll(async () => {
  provider = await startRecordingUpstream();
  const models = ['chat/completions', 'messages', 'embeddings', 'responses'].map(
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
  const models = new Map([
    [CHAT, 'c'],
    [EMBEDDINGS, 'e'],
    [RESPONSES, 'r'],
  ]);
  const model = `"model":"${models.get(route) ?? 'm'}"${route === EMBEDDINGS ? ',"input":"a"' : ''}`;
  const limit = route === MESSAGES ? ',"max_tokens":9' : '';
  const hasMessages = route !== EMBEDDINGS && route !== RESPONSES && !members.includes('"messages"');
  const messages = hasMessages ? ',"messages":[{"role":"user","content":"Hi"}]' : '';
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

const responseTool = (text: string): string => `,"tools":[${text}]`;
const namespace = (name: string, tools: string): string =>
  responseTool(`{"type":"namespace","name":"${name}","description":"","tools":[${tools}]}`);
const choice = (value: string): string => `,"tool_choice":${value}`;
const allowed = (tools: string): string => `{"type":"allowed_tools","mode":"auto","tools":[${tools}]}`;
const allowedInChat = (tools: string): string =>
  `{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[${tools}]}}`;
const message = (text: string): string => `,"messages":[${text}]`;
const chatCall = (call: string): string =>
  message(`{"role":"assistant","content":null,"tool_calls":[${call}]}`);
const block = (text: string): string => message(`{"role":"assistant","content":[${text}]}`);
const definition = (tool: string): string =>
  `{"type":"tool_addition","tool":{"type":"tool_definition","definition":${tool}}}`;
const items = (list: string): string => `,"input":[${list}]`;

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
    [CHAT, choice('"required"'), '200'],
    [CHAT, choice('{"type":"function","function":{"name":"get_weather"}}'), '200'],
    [CHAT, choice('{"type":"function","function":{"name":"wire_money"}}'), '403'],
    [CHAT, choice('{"type":"custom","custom":{"name":"wire_money"}}'), '403'],
    [CHAT, choice(allowedInChat('{"type":"function","function":{"name":"get_weather"}}')), '200'],
    [CHAT, choice(allowedInChat('{"type":"function","function":{"name":"wire_money"}}')), '403'],
    [CHAT, ',"function_call":"auto"', '200'],
    [CHAT, ',"function_call":{"name":"get_weather"}', '200'],
    [CHAT, ',"function_call":{"name":"wire_money"}', '403'],
    [
      CHAT,
      chatCall('{"id":"c","type":"function","function":{"name":"get_weather","arguments":"{}"}}'),
      '200',
    ],
    [CHAT, chatCall('{"id":"c","type":"function","function":{"name":"wire_money","arguments":"{}"}}'), '403'],
    [CHAT, chatCall('{"id":"c","type":"custom","custom":{"name":"wire_money","input":""}}'), '403'],
    [CHAT, message('{"role":"assistant","function_call":{"name":"wire_money","arguments":"{}"}}'), '403'],
    [CHAT, message('{"role":"assistant","content":"Hi","reasoning_content":"","annotations":[]}'), '200'],
    [
      CHAT,
      message('{"role":"developer","content":"","tools":[{"name":"get_weather"}]}'),
      '403 messages.0.tools',
    ],
    [CHAT, message('{"role":"developer","content":"","Functions":[]}'), '403 messages.0.Functions'],
    [MESSAGES, choice('{"type":"auto","disable_parallel_tool_use":true}'), '200'],
    [MESSAGES, choice('{"type":"tool","name":"get_weather"}'), '200'],
    [MESSAGES, choice('{"type":"tool","name":"wire_money"}'), '403'],
    [MESSAGES, block('{"type":"tool_use","id":"t","name":"get_weather","input":{"name":"x"}}'), '200'],
    [MESSAGES, block('{"type":"tool_use","id":"t","name":"wire_money","input":{}}'), '403'],
    [MESSAGES, block('{"type":"server_tool_use","id":"t","name":"code_execution","input":{}}'), '403'],
    [MESSAGES, block('{"type":"mcp_tool_use","id":"t","name":"wire_money","input":{}}'), '403'],
    [MESSAGES, block('{"type":"tool_result","tool_use_id":"t","content":"rain"}'), '200'],
    [MESSAGES, choice('{"type":"auto","name":"wire_money"}'), '403'],
    [
      MESSAGES,
      block('{"type":"tool_addition","tool":{"type":"tool_reference","name":"get_weather"}}'),
      '200',
    ],
    [MESSAGES, block('{"type":"tool_addition","tool":{"type":"tool_reference","name":"wire_money"}}'), '403'],
    [MESSAGES, block(definition('{"name":"wire_money","input_schema":{}}')), '403 messages.0.content.0'],
    [MESSAGES, block(`{"type":"compaction","content":"","tool_changes":null}`), '200'],
    [MESSAGES, block(`{"type":"compaction","tool_changes":[]}`), '403 messages.0.content.0'],
    [MESSAGES, block('{"type":"mcp_tool_listing","tools":[]}'), '403 messages.0.content.0'],
    [MESSAGES, block('{"type":"invented_tomorrow"}'), '403 messages.0.content.0'],
    [COUNT, choice('{"type":"tool","name":"wire_money"}'), '403'],
    [EMBEDDINGS, ',"dimensions":8', '200'],
    [EMBEDDINGS, ',"tools":[]', '403 tools'],
    [
      RESPONSES,
      responseTool('{"type":"function","name":"get_weather","parameters":{"x":{}},"strict":true}'),
      '200',
    ],
    [RESPONSES, responseTool('{"type":"custom","name":"get_weather","format":{"type":"text"}}'), '200'],
    [RESPONSES, responseTool('{"type":"function","name":"wire_money"}'), '403'],
    [
      RESPONSES,
      responseTool('{"type":"function","name":"get_weather","function":{"name":"get_weather"}}'),
      '403 tools.0.function',
    ],
    [
      RESPONSES,
      responseTool('{"type":"function","name":"get_weather","Name":"wire_money"}'),
      '403 tools.0.Name',
    ],
    [RESPONSES, responseTool('{"type":"web_search"}'), '200'],
    [RESPONSES, responseTool('{"type":"web_search","tools":[{"name":"wire_money"}]}'), '403'],
    [RESPONSES, responseTool('{"type":"web_search","Tools":[{"name":"wire_money"}]}'), '403 tools.0.Tools'],
    ...[
      'file_search',
      'code_interpreter',
      'computer',
      'image_generation',
      'local_shell',
      'shell',
      'apply_patch',
    ].map((type) => [RESPONSES, responseTool(`{"type":"${type}"}`), '403'] as const),
    [
      RESPONSES,
      responseTool('{"type":"mcp","server_label":"get_weather","server_url":"https://e.com"}'),
      '403',
    ],
    [RESPONSES, responseTool('{"type":"mcp","name":"get_weather"}'), '403'],
    [RESPONSES, namespace('web_search', '{"type":"function","name":"get_weather"}'), '200'],
    [RESPONSES, namespace('crm', '{"type":"function","name":"get_weather"}'), '403'],
    [RESPONSES, namespace('web_search', '{"type":"function","name":"wire_money"}'), '403'],
    [RESPONSES, namespace('web_search', '{"type":"mcp","name":"get_weather"}'), '403'],
    [RESPONSES, namespace('web_search', '{"name":"get_weather","x":1}'), '403 tools.0.tools.0.x'],
    [
      RESPONSES,
      responseTool('{"type":"namespace","name":"web_search","tools":{"name":"wire_money"}}'),
      '403',
    ],
    [RESPONSES, choice('"required"'), '200'],
    [RESPONSES, choice('{"type":"function","name":"get_weather"}'), '200'],
    [RESPONSES, choice('{"type":"function","name":"wire_money"}'), '403'],
    [RESPONSES, choice('{"type":"code_interpreter"}'), '403'],
    [RESPONSES, choice(allowed('{"type":"function","name":"get_weather"}')), '200'],
    [RESPONSES, choice(allowed('{"type":"function","name":"wire_money"}')), '403'],
    [RESPONSES, choice(allowed('{"type":"mcp","server_label":"m"}')), '403'],
    [RESPONSES, ',"input":"Hi","reasoning":{"effort":"low"},"store":false,"include":[]', '200'],
    [RESPONSES, items('{"role":"user","content":"Hi"},{"type":"reasoning","id":"r","summary":[]}'), '200'],
    [RESPONSES, items('{"type":"function_call","call_id":"c","name":"get_weather","arguments":"{}"}'), '200'],
    [RESPONSES, items('{"type":"function_call","call_id":"c","name":"wire_money","arguments":"{}"}'), '403'],
    [RESPONSES, items('{"type":"custom_tool_call","call_id":"c","name":"wire_money","input":""}'), '403'],
    [RESPONSES, items('{"type":"function_call_output","call_id":"c","output":"rain"}'), '200'],
    [RESPONSES, items('{"type":"additional_tools","role":"developer","tools":[]}'), '403 input.0.tools'],
    [RESPONSES, items('{"role":"developer","tools":[{"name":"wire_money"}]}'), '403 input.0.tools'],
    [RESPONSES, items('{"type":"item_reference","id":"rs_1"}'), '403 input.0'],
    [RESPONSES, items('{"id":"rs_1"}'), '403 input.0'],
    [RESPONSES, items('{"type":"mcp_approval_response","id":"m"}'), '403 input.0'],
    [RESPONSES, ',"previous_response_id":"r"', '403 previous_response_id'],
    [RESPONSES, ',"conversation":"c"', '403 conversation'],
    [RESPONSES, ',"prompt":{"id":"p"}', '403 prompt'],
    [RESPONSES, ',"background":false', '403 background'],
    [RESPONSES, ',"context_management":[]', '403 context_management'],
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
    [
      MESSAGES,
      block(definition('{"type":"advisor_20260301","name":"advisor","model":"other"}')),
      '403 messages.0.content.0.tool.definition.model',
    ],
    [
      MESSAGES,
      block(
        `{"type":"compaction","tool_changes":[${definition('{"type":"advisor_20260301","model":"other"}')}]}`,
      ),
      '403 messages.0.content.0.tool_changes.0.tool.definition.model',
    ],
    [
      MESSAGES,
      block(definition('{"name":"f","input_schema":{"properties":{"model":{"type":"string"}}}}')),
      '200',
    ],
    [
      MESSAGES,
      block('{"type":"tool_use","id":"t","name":"f","input":{"model":"car","tool":{"models":[]}}}'),
      '200',
    ],
    [CHAT, ',"models":null,"prompt":null,"provider":{"fallbacks":null}', '200'],
    [CHAT, ',"documents":[{"text":"Cars","data":{"model":"car"}}]', '200'],
    [CHAT, ',"service_tier":"auto","safety_identifier":"a","prompt_cache_key":"b","verbosity":"low"', '200'],
    [CHAT, ',"response_format":{"json_schema":{"schema":{"properties":{"models":{}}}}}', '200'],
    [RESPONSES, responseTool('{"type":"mcp","headers":{"X-Model":"car"},"allowed_tools":["f"]}'), '200'],
    [RESPONSES, items('{"type":"mcp_call","arguments":"{}","output":{"model":"car"}}'), '200'],
    [MESSAGES, ',"mcp_servers":[]', '200'],
    [CHAT, ',"extra_body":{"models":["other"]}', '403 extra_body.models'],
    [CHAT, ',"extra_body":{"extra_body":{"route":"fallback"}}', '403 extra_body.extra_body.route'],
    [CHAT, ',"extra_body":{"model":"other"}', '403 extra_body.model'],
    [CHAT, ',"providerOptions":{"gateway":{"models":["other"]}}', '403 providerOptions.gateway.models'],
    [CHAT, ',"compound_custom":{"models":{"answering_model":"other"}}', '403 compound_custom.models'],
    [CHAT, ',"provider":{"order":["a"],"allow_fallbacks":false}', '200'],
    [CHAT, ',"provider":{"x":[{"fallbackModel":"other"}]}', '403 provider.x.0.fallbackModel'],
    [CHAT, ',"moderation":{"model":"other"}', '403 moderation.model'],
    [CHAT, ',"draft_model":"other"', '403 draft_model'],
    [CHAT, ',"model_list":[]', '403 model_list'],
    [CHAT, ',"context_window_fallbacks":[]', '403 context_window_fallbacks'],
    [CHAT, ',"api_base":"https://e.com"', '403 api_base'],
    [CHAT, ',"user_config":{}', '403 user_config'],
    [CHAT, ',"metadata":{"model":"car"},"guided_json":{"properties":{"model":{}}}', '200'],
    [
      CHAT,
      tool('{"type":"function","function":{"name":"f","parameters":{"properties":{"model":{}}}}}'),
      '200',
    ],
    [
      CHAT,
      tool('{"type":"router:fusion","parameters":{"models":["other"]}}'),
      '403 tools.1.parameters.models',
    ],
    [RESPONSES, ',"models":["other"]', '403 models'],
    [RESPONSES, ',"prompt":{"id":"p"}', '403 prompt'],
    [RESPONSES, ',"extra_body":{"fallbacks":[]}', '403 extra_body.fallbacks'],
    [RESPONSES, responseTool('{"type":"image_generation","model":"other"}'), '403 tools.0.model'],
    [RESPONSES, responseTool('{"type":"image_generation"},{"type":"web_search"}'), '200'],
    [RESPONSES, namespace('a', '{"type":"x","y":{"model":"other"}}'), '403 tools.0.tools.0.y.model'],
    [
      RESPONSES,
      items('{"type":"additional_tools","tools":[{"type":"x","model":"o"}]}'),
      '403 input.0.tools.0.model',
    ],
    [RESPONSES, items('{"role":"user","content":[{"type":"input_text","text":"Hi","model":"x"}]}'), '200'],
    [RESPONSES, ',"text":{"format":{"schema":{"properties":{"model":{}}}}}', '200'],
    [RESPONSES, ',"previous_response_id":"r","conversation":null,"background":false', '200'],
    [RESPONSES, ',"background":true', '400'],
    [RESPONSES, ',"Input":"Hi"', '400'],
    [CHAT, `,"x":{"a":"a","a":"b"}${tool('{"type":"web_search","Custom":1}')}`, '200'],
    [CHAT, ',"invented_tomorrow":{}', '200'],
  ])('at %s with %s is answered %s', async (route, members, expected) => {
    expect(await ask('tiered', route, members)).toBe(expected);
  });
});

/** Members of the official clients that are not in the allow-lists, since they add tools, models or state. */
const EXCLUDED = new Set(
  `moderation web_search_options container diagnostics user_profile_id workspace_id billing_policy betas thread
   fallback_credit_token fallbacks mcp_servers background context_management conversation previous_response_id prompt`.split(
    /\s+/,
  ),
);

test.each([
  ['openai/resources/chat/completions/completions', 'ChatCompletionCreateParamsBase', CHAT_MEMBERS],
  ['openai/resources/responses/responses', 'ResponseCreateParamsBase', RESPONSES_MEMBERS],
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

test('all content blocks of the official client are in the allow-list, except those that add tools or name models', async () => {
  const file = '../../node_modules/@anthropic-ai/sdk/resources/beta/messages/messages.d.ts';
  const text = await readFile(new URL(file, import.meta.url), 'utf8');
  const [, union = ''] = /export type BetaContentBlockParam = (.*);/.exec(text) ?? [];
  const types = union.split(' | ').map((name) => {
    const [, declaration = ''] = text.split(`export interface ${name} {`);
    const [, type = name] = /^ {4}type: '(\w+)';/m.exec(declaration) ?? [];
    return type;
  });

  expect(types.length).toBeGreaterThan(15);
  expect(types.filter((type) => MESSAGES_MEMBERS.blockTypes?.has(type) !== true)).toEqual([
    'mcp_tool_listing',
    'fallback',
  ]);
});
