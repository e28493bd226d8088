/** A request to a model as a client writes it, byte for byte. The model is `gpt`, `agent`, `vectors` or `claude`. */
export interface RequestShape {
  readonly name: string;
  readonly route: string;
  readonly body: string;
}

const USER = '"messages":[{"role":"user","content":"Hi"}]';
const GPT = `"model":"gpt",${USER}`;
const CLAUDE = `"model":"claude","max_tokens":4096,${USER}`;
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const shapesAt = (
  route: string,
  shapes: readonly (readonly [name: string, body: string])[],
): readonly RequestShape[] => shapes.map(([name, body]) => ({ name, route, body }));

const CHATS = shapesAt('/v1/chat/completions', [
  ['a minimal chat', `{${GPT}}`],
  ['max_tokens', `{${GPT},"max_tokens":100000}`],
  ['max_completion_tokens', `{${GPT},"max_completion_tokens":100000}`],
  ['max_tokens null', `{${GPT},"max_tokens":null,"temperature":null}`],
  ['both limits', `{${GPT},"max_tokens":7,"max_completion_tokens":9}`],
  ['GPT-5 with reasoning effort and verbosity', `{${GPT},"reasoning_effort":"minimal","verbosity":"low"}`],
  [
    'an o-series model with a developer message',
    '{"model":"gpt","messages":[{"role":"developer","content":"Be brief"},{"role":"user","content":"Hi"}],"reasoning_effort":"high","max_completion_tokens":25000}',
  ],
  ['temperature and top_p', `{${GPT},"temperature":0.0,"top_p":1.0}`],
  ['top_p alone', `{${GPT},"top_p":0.10}`],
  ['a stream', `{${GPT},"stream":true}`],
  ['a stream with usage', `{${GPT},"stream":true,"stream_options":{"include_usage":true}}`],
  [
    'a stream with obfuscation',
    `{${GPT},"stream":true,"stream_options":{"include_obfuscation":false,"x":1e3}}`,
  ],
  [
    'function tools',
    `{${GPT},"tools":[{"type":"function","function":{"name":"get_weather","description":"Weather","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false},"strict":true}}],"tool_choice":"auto","parallel_tool_calls":false}`,
  ],
  [
    'custom tools',
    `{${GPT},"tools":[{"type":"custom","custom":{"name":"run","format":{"type":"grammar","grammar":{"syntax":"regex","definition":"^\\\\d+$"}}}}],"tool_choice":{"type":"custom","custom":{"name":"run"}}}`,
  ],
  [
    'allowed tools',
    `{${GPT},"tools":[{"type":"function","function":{"name":"a"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"a"}}]}}}`,
  ],
  ['functions', `{${GPT},"functions":[{"name":"f","parameters":{}}],"function_call":{"name":"f"}}`],
  ['tools of no known type', `{${GPT},"tools":[{},{"type":"web_search"},{"type":"future","kind":[1]}]}`],
  [
    'a tool conversation with large integers',
    '{"model":"gpt","messages":[{"role":"user","content":"?"},{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\\"id\\":9007199254740993}"}}]},{"role":"tool","tool_call_id":"c1","content":"9007199254740993"}],"seed":9007199254740993}',
  ],
  [
    'an image',
    `{"model":"gpt","messages":[{"role":"user","content":[{"type":"text","text":"What?"},{"type":"image_url","image_url":{"url":"data:image/png;base64,${PIXEL}","detail":"low"}}]}]}`,
  ],
  [
    'audio and a file',
    '{"model":"gpt","modalities":["text","audio"],"audio":{"voice":"alloy","format":"wav"},"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}},{"type":"file","file":{"file_id":"file-1"}}]}]}',
  ],
  [
    'structured output',
    `{${GPT},"response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"type":"object","properties":{"n":{"type":"integer","maximum":18446744073709551615}}}}}}`,
  ],
  ['logit_bias, stop, n', `{${GPT},"logit_bias":{"50256":-100},"stop":["\\n\\n"],"n":3,"logprobs":true}`],
  ['unknown members', `{${GPT},"future":{"nested":[1,{"deep":null}]},"x-y":"","":0}`],
  ['web search options', `{${GPT},"web_search_options":{"search_context_size":"low"}}`],
  ['metadata and prediction', `{${GPT},"store":true,"metadata":{"a":"b"},"service_tier":"flex"}`],
  [
    'white space and unusual key order',
    '\n{\t"messages" : [\r\n { "content" : "Hi" , "role" : "user" } ] ,\n  "n":1, "model"\t:\t"gpt"\n}\n\n',
  ],
  ['numbers in unusual forms', `{${GPT},"temperature":1E0,"top_p":0.50,"seed":-0,"presence_penalty":1e-7}`],
  [
    'escapes and Unicode',
    '{"mod\\u0065l":"gpt","messages":[{"role":"user","content":"\\u00e9 é 😀 \\ud83d\\ude00 \\/ \\"}{][,:"}]}',
  ],
  ['lone surrogates and control characters', `{${GPT},"user":"\\ud800 \\u0000 \\u2028"}`],
]);

const MESSAGES = shapesAt('/v1/messages', [
  ['a minimal message', `{${CLAUDE}}`],
  ['thinking', `{${CLAUDE},"thinking":{"type":"enabled","budget_tokens":4000}}`],
  ['adaptive thinking', `{${CLAUDE},"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}}`],
  ['a stream', `{${CLAUDE},"stream":true,"temperature":1}`],
  ['top_p and top_k', `{${CLAUDE},"top_p":0.9,"top_k":40,"stop_sequences":["END"]}`],
  [
    'a cached system prompt',
    `{${CLAUDE},"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral","ttl":"1h"}}],"metadata":{"user_id":"u"}}`,
  ],
  [
    'tools of each kind',
    `{${CLAUDE},"tools":[{"name":"f","input_schema":{"type":"object"}},{"type":"web_search_20250305","name":"web_search","max_uses":5},{"type":"bash_20250124","name":"bash"},{"type":"mcp_toolset","mcp_server_name":"m"}],"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true}}`,
  ],
  ['MCP servers', `{${CLAUDE},"mcp_servers":[{"type":"url","url":"https://mcp.example.com","name":"m"}]}`],
  [
    'thinking blocks and tool results',
    `{"max_tokens":9,"model":"claude","messages":[{"role":"user","content":"?"},{"role":"assistant","content":[{"type":"thinking","thinking":"T","signature":"EqQBCg=="},{"type":"tool_use","id":"t1","name":"f","input":{"id":12345678901234567890}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"${PIXEL}"}}]}]}]}`,
  ],
  [
    'a document by URL',
    '{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://example.com/a.pdf"},"citations":{"enabled":true}}]}],"max_tokens":1,"model":"claude"}',
  ],
  ['white space', `{\n    ${CLAUDE}  ,\n    "container" : { } ,"context_management":{"edits":[ ]}\n}`],
]);

const COUNTS = shapesAt('/v1/messages/count_tokens', [
  ['a count', `{"model":"claude",${USER},"tools":[{"name":"f","input_schema":{}}],"other":9007199254740993}`],
]);

const EMBEDDINGS = shapesAt('/v1/embeddings', [
  ['a string', '{"model":"vectors","input":"a","encoding_format":"base64","dimensions":256}'],
  ['token IDs', '{ "input":[[1, 2],[3]], "model":"vectors", "user":"u", "task":"x" }'],
]);

const AGENT = '"model":"agent","input":"Hi"';

const RESPONSES = shapesAt('/v1/responses', [
  ['a string', `{${AGENT}}`],
  [
    'a stream without storage',
    `{${AGENT},"stream":true,"store":false,"stream_options":{"include_obfuscation":false}}`,
  ],
  [
    'items of the Vercel AI SDK',
    '{"model":"agent","input":[{"role":"developer","content":"Be brief"},{"role":"user","content":[{"type":"input_text","text":"Hi"}]},{"type":"item_reference","id":"rs_1"}],"include":["reasoning.encrypted_content"]}',
  ],
  [
    'a request of the Codex CLI',
    '{"model":"agent","instructions":"You are a coding agent","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi"}]}],"tools":[{"type":"function","name":"shell","description":"Runs","strict":false,"parameters":{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"}}}}},{"type":"custom","name":"apply_patch","format":{"type":"grammar","syntax":"lark","definition":"start: \\"*\\""}},{"type":"web_search","external_web_access":false}],"tool_choice":"auto","parallel_tool_calls":false,"reasoning":{"effort":"medium","summary":"auto"},"store":false,"stream":true,"include":["reasoning.encrypted_content"],"prompt_cache_key":"0199","text":{"verbosity":"low"},"client_metadata":{"a":"b"}}',
  ],
  [
    'a conversation with calls and large integers',
    '{"model":"agent","input":[{"role":"user","content":"?"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA=="},{"type":"function_call","id":"fc_1","call_id":"c1","name":"f","arguments":"{\\"id\\":9007199254740993}"},{"type":"function_call_output","call_id":"c1","output":"9007199254740993"}],"seed":9007199254740993}',
  ],
  [
    'a custom tool call',
    '{"model":"agent","input":[{"type":"custom_tool_call","call_id":"c1","name":"run","input":"ls"},{"type":"custom_tool_call_output","call_id":"c1","output":[{"type":"input_text","text":"a"}]}],"tools":[{"type":"custom","name":"run"}],"tool_choice":{"type":"custom","name":"run"}}',
  ],
  [
    'server tools',
    `{${AGENT},"tools":[{"type":"web_search","filters":{"allowed_domains":["example.com"]}},{"type":"file_search","vector_store_ids":["vs_1"],"filters":{"type":"eq","key":"model","value":1}},{"type":"code_interpreter","container":{"type":"auto"}},{"type":"mcp","server_label":"m","server_url":"https://mcp.example.com","require_approval":"never"},{"type":"computer_use_preview","display_width":1024,"display_height":768,"environment":"browser"},{"type":"image_generation","quality":"low"},{"type":"local_shell"}]}`,
  ],
  [
    'a namespace and a deferred tool',
    `{${AGENT},"tools":[{"type":"namespace","name":"crm","description":"CRM","tools":[{"type":"function","name":"find","parameters":{"type":"object","properties":{"model":{"type":"string"}}},"defer_loading":true}]},{"type":"tool_search"}]}`,
  ],
  [
    'allowed tools',
    `{${AGENT},"tools":[{"type":"function","name":"a","parameters":null,"strict":null}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"a"}]}}`,
  ],
  [
    'structured output',
    `{${AGENT},"text":{"format":{"type":"json_schema","name":"car","strict":true,"schema":{"type":"object","properties":{"model":{"type":"string"}}}}}}`,
  ],
  [
    'an image and a file',
    `{"model":"agent","input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,${PIXEL}","detail":"auto"},{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}]}]}`,
  ],
  ['a previous response', `{${AGENT},"previous_response_id":"resp_1","truncation":"auto"}`],
  ['a conversation of the provider', `{${AGENT},"conversation":{"id":"conv_1"},"background":false}`],
  ['limits', `{${AGENT},"max_output_tokens":100000,"max_tool_calls":3,"top_p":0.10,"top_logprobs":2}`],
  ['unknown members and white space', `{ ${AGENT} ,\n\t"future" : {"nested":[1,{"deep":null}]},"":1E0 }\r\n`],
  [
    'nulls',
    `{${AGENT},"instructions":null,"max_output_tokens":null,"reasoning":null,"tools":null,"tool_choice":null}`,
  ],
]);

/** Shapes of requests of the OpenAI and Anthropic clients, including members and tools that no format defines. */
export const MODEL_REQUEST_SHAPES: readonly RequestShape[] = [
  ...CHATS,
  ...RESPONSES,
  ...MESSAGES,
  ...COUNTS,
  ...EMBEDDINGS,
];
