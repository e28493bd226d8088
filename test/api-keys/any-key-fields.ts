import fc from 'fast-check';
import { SECRET } from './any-key-file.js';

const SOURCE = 'https://api.example.com';
const MODEL = { name: 'm', endpoint: SOURCE, api_key: 'p' };

/** Which type of key some fields are for. */
const TYPE_OF_FIELD = new Map([
  ['functions', 'function_call'],
  ['endpoints', 'api_call'],
]);

const TYPES = ['tiered_model_exec', 'function_call', 'api_call'];

/** What each field may hold, and what it nearly may; all scalars of a file are text. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  api_key: [SECRET, '', `sha256:${'0'.repeat(64)}`, 'sha256:00', 'x'.repeat(513), [SECRET], 'a\nb'],
  previous_api_key: [
    { api_key: `${SECRET}-1`, expires_at: '2031-01-01T00:00:00Z' },
    ...[{ api_key: SECRET, expires_at: '2031-01-01T00:00:00Z' }, { api_key: `${SECRET}-1` }, {}, ''],
  ],
  key_id: ['a', 'A.b_c~d-e', '', 'a b', 'é', 'a'.repeat(64), 'a'.repeat(65), 'a\n', '__proto__', ['a']],
  name: ['N', 'Zoë 1', '', '鍵', 'x'.repeat(128), 'x'.repeat(129), 'a\u0000b', 'a\u0085b', {}],
  type: [...TYPES, 'service', 'delegation', 'refresh', 'foreign', '', 'constructor'],
  active: ['true', 'False', 'yes', '1', ''],
  users: ['TRUE', 'false', 'no', 'tRUE'],
  expires_at: [
    '2030-01-01T00:00:00Z',
    '2030-01-01T00:00:00.5+02:00',
    '2030-02-30T00:00:00Z',
    '2030-01-01',
    '9',
  ],
  audiences: [[SOURCE], [], [SOURCE, SOURCE], ['a b'], [''], ['x'.repeat(256)], ['x'.repeat(257)], SOURCE],
  service_audiences: [['https://b.example.com'], [SOURCE], ['a\tb'], [[SOURCE]]],
  introspects: [[SOURCE], [SOURCE, SOURCE], ['a\u2028b']],
  permissions: [
    ['read', 'a:b'],
    [],
    ['offline_access'],
    ['read', 'read'],
    ['a b'],
    ['"'],
    ['a\\b'],
    ['é'],
    ['x'.repeat(129)],
    'read',
  ],
  token_ttl: ['1', '86400', '86401', '0', '-1', '1.5', '1e3', '0x10', ' 60', '', '0060', '9'.repeat(13)],
  scope_ttl: [
    { read: '60' },
    { read: '0' },
    { read: '86401' },
    { other: '60' },
    JSON.parse('{"__proto__":"60"}'),
  ],
  rate_limits: [
    ...[{}, { requests_per_minute: '1' }, { requests_per_minute: '0' }, { tokens_per_minute: '1000000001' }],
    ...[{ concurrent_requests: '1.5' }, { tokens_per_month: '5', per_user: { requests_per_hour: '5' } }],
    ...[{ per_user: { requests_per_hour: '-5' } }, { per_user: { per_user: {} } }, { other: '1' }, []],
  ],
  metadata: [
    { a: 'b', c: { d: ['e'] } },
    {},
    { a: JSON.parse('{"__proto__":"b"}') },
    ['a'],
    'a',
    { a: 'x'.repeat(4000) },
  ],
  metadata_claims: [['a'], [], ['a', 'a'], ['b'], ['__proto__'], ['toString']],
  refresh_tokens: ['off', 'confidential', 'public', 'on', ''],
  dpop: ['allowed', 'required', 'require', ''],
  surplus_scopes: ['reject', 'narrow', 'ignore', ''],
  delegation: [
    ...[
      { subjects: ['id'], audiences: [SOURCE] },
      { subjects: ['id'], actors: ['id'], audiences: [SOURCE] },
    ],
    ...[
      { subjects: ['other'], audiences: [SOURCE] },
      { subjects: ['id'], actors: ['x'], audiences: [SOURCE] },
    ],
    ...[{ subjects: [], audiences: [SOURCE] }, { subjects: ['id'], audiences: [] }, { subjects: ['id'] }],
  ],
  models: [
    ...[[], [MODEL], [MODEL, MODEL], [{ name: 'e', endpoint: 'echo:' }], [{ name: 'm', endpoint: SOURCE }]],
    ...[
      'http://localhost:1/v1',
      'http://[::1]/',
      'http://10.0.0.1/',
      'http://localhost.example.com/',
      'https://',
    ].map((endpoint) => [{ ...MODEL, endpoint }]),
    ...[
      'http://example.com@localhost/',
      'http://localhost@example.com/',
      'file:///etc/passwd',
      'echo:x',
      'ftp://a',
    ].map((endpoint) => [{ ...MODEL, endpoint }]),
    ...['0', '1', '0x1', '1000000001'].map((tokens) => [{ ...MODEL, max_tokens: tokens }]),
    ...['0', '2', '2.000001', '-1', '1e0', '.5'].map((temperature) => [{ ...MODEL, temperature }]),
    ...[[{ ...MODEL, name: '' }], [{ ...MODEL, other: '' }], ['m']],
  ],
  functions: [[], ['add'], ['add', 'add'], ['a b'], [''], ['x'.repeat(129)]],
  endpoints: [
    ...[
      [],
      ['GET /reports/*', '* /'],
      ['GET /a', 'GET /a'],
      ['get /a'],
      ['GET a'],
      ['GET  /a'],
      ['GET /a b'],
    ],
    ...[
      '/../a',
      '/a/.',
      '//',
      '/%2e%2e/a',
      '/a%2fb',
      '/é',
      '/%C3%A9',
      '/a*',
      '/*/b',
      '/a?b',
      '/a#b',
      '/a\\b',
    ].map((path) => [`GET ${path}`]),
  ],
  other: [''],
  ['__proto__']: [{ admin: 'true' }],
};

const CHANGES = Object.entries(VALUES).flatMap(([name, values]) =>
  values.map((value): [string, unknown] => [name, value]),
);

/** A key as a file has it in JSON, which is YAML: a valid one, with up to three fields that hold something else. */
export const fieldsOfAnyKey = fc
  .tuple(fc.constantFrom(...TYPES), fc.array(fc.constantFrom(...CHANGES), { maxLength: 3 }))
  .map(([anyType, changes]): object => {
    const type = TYPE_OF_FIELD.get(changes[0]?.[0] ?? '') ?? anyType;
    const base = {
      ...{ api_key: SECRET, key_id: 'id', name: 'Name', type, rate_limits: {} },
      ...{ permissions: ['read'], metadata: { a: 'b' }, audiences: [SOURCE] },
    };
    return Object.fromEntries([...Object.entries(base), ...changes]);
  });
