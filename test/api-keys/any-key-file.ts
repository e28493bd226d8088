import fc from 'fast-check';

/** The API key in each file. */
export const SECRET = 'k-c4n4ry-c4n4ry';

/** Valid files that use every field between them. */
export const FILES: readonly string[] = [
  `api_key: ${SECRET}
previous_api_key: {api_key: ${SECRET}-1, expires_at: "2031-01-01T00:00:00Z"}
key_id: models
name: Models
type: tiered_model_exec
active: true
expires_at: "2030-12-31T23:59:59Z"
models:
  - name: gpt-4
    endpoint: https://api.example.com/v1/chat/completions
    api_key: \${VAR}
    max_tokens: 4096
    temperature: 0.7
  - {name: local, endpoint: "http://127.0.0.1:8080/v1", api_key: x}
  - {name: echo-1, endpoint: "echo:"}
rate_limits:
  requests_per_minute: 100
  tokens_per_month: 50000
  per_user: {requests_per_hour: 10}
permissions: [read, 'write:documents']
scope_ttl: {read: 60}
metadata: {tier: gold, deep: {list: [a, b]}}
metadata_claims: [tier]
`,
  `# comment
api_key: "${SECRET}"
name: Functions
type: function_call
functions: [add, multiply]
audiences: [https://api.example.com]
introspects:
- https://api.example.com
token_ttl: \${NUMBER:-600}
rate_limits: {}
users: true
refresh_tokens: public
surplus_scopes: narrow
dpop: required
`,
  `api_key: ${SECRET}
key_id: endpoints
name: Endpoints
type: api_call
endpoints:
  - GET /reports/*
  - "* /users/7"
service_audiences: [https://billing.example.com]
delegation: {subjects: [endpoints], audiences: [https://api.example.com]}
rate_limits: {concurrent_requests: 1}
`,
];

const BITS = [
  ...[
    'a',
    'b: ',
    '- ',
    ': ',
    '\n',
    '\n  ',
    '\n    ',
    '\t',
    '{',
    '}',
    '[',
    ']',
    ', ',
    '"',
    "'",
    '#',
    '|\n',
    '>\n',
  ],
  ...[
    '&x ',
    '*x',
    '!!str ',
    '%YAML 1.2\n',
    '---\n',
    '...\n',
    '? ',
    '\r\n',
    '\r',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\0',
  ],
  ...[
    'api_key: k\n',
    'name: N\n',
    'type: api_call\n',
    'rate_limits: {}\n',
    '${',
    '$$',
    '${VAR}',
    '\\',
    '😀',
    '<<: ',
  ],
];

/** Pieces of YAML in any order. */
export const soup = fc.array(fc.constantFrom(...BITS), { maxLength: 60 }).map((bits) => bits.join(''));
export const anyText = fc.oneof(soup, fc.string({ unit: 'binary', maxLength: 200 }));

/** Changes a text at one place. */
type Mutation = (text: string) => string;

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(fc.nat(), fc.nat(20), fc.oneof(fc.constantFrom(...BITS, ''), anyText)).map(
    ([start, length, piece]): Mutation =>
      (text) => {
        const at = start % (text.length + 1);
        return text.slice(0, at) + piece + text.slice(at + length);
      },
  ),
  fc
    .tuple(fc.nat(), fc.constantFrom('key_id', 'type', 'x', '__proto__', ''))
    .map(([start, name]) => changeLine(start, (line) => [line.replace(/\w+(?=:)/, name)])),
  fc.nat().map((start) => changeLine(start, (line) => [line, line])),
  fc.nat().map((start) => changeLine(start, () => [])),
  fc
    .tuple(fc.nat(), fc.constantFrom(' ', '  ', '\t', '- '))
    .map(([start, indent]) => changeLine(start, (line) => [indent + line])),
);

function changeLine(start: number, change: (line: string) => readonly string[]): Mutation {
  return (text) => {
    const lines = text.split('\n');
    return lines
      .flatMap((line, index) => (index === start % lines.length ? change(line) : [line]))
      .join('\n');
  };
}

/** A valid file with one or two changes, some of which leave it valid. */
export const mutatedFile = fc
  .tuple(fc.constantFrom(...FILES), fc.array(mutation, { minLength: 1, maxLength: 2 }))
  .map(([file, mutations]) => mutations.reduce((text, mutate) => mutate(text), file));
