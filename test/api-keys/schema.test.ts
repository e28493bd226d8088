import { describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { resolveApiKey } from '../../src/api-keys/resolve-api-key.js';
import { apiKeySchema } from '../../src/api-keys/schema.js';
import { failuresOf } from '../support/failures-of.js';

const MINIMAL = { api_key: 'k', name: 'Minimal', type: 'api_call', rate_limits: {} };

/** The faults of a file with these fields, as `path: message`; a field that is `undefined` is left out. */
function faultsOf(fields: Readonly<Record<string, unknown>>): readonly string[] {
  const { issues = [] } = v.safeParse(apiKeySchema, JSON.parse(JSON.stringify({ ...MINIMAL, ...fields })));
  return issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
}

function resolve(fields: Readonly<Record<string, unknown>>) {
  return v.parse(apiKeySchema, { ...MINIMAL, ...fields });
}

const NEVER_REQUESTED =
  'must have a normalized path: no empty segments, no . or .. segments, no unnecessary percent-encoding';

describe('defaults', () => {
  test('are those of the documentation', () => {
    expect(resolve({})).toEqual({
      ...MINIMAL,
      active: true,
      audiences: [],
      permissions: [],
      token_ttl: 600,
      scope_ttl: {},
      rate_limits: {
        requests_per_minute: 60,
        tokens_per_minute: 10_000,
        requests_per_hour: 1000,
        concurrent_requests: 5,
      },
      metadata: {},
      users: false,
      group_permissions: {},
      refresh_tokens: 'confidential',
      dpop: 'allowed',
      introspects: [],
      service_audiences: [],
      workloads: [],
      id_tokens: [],
      models: [],
      functions: [],
      endpoints: [],
    });
  });

  test('of a model are 1024 tokens and a temperature of 0.7', () => {
    const models = [{ name: 'm', endpoint: 'echo:' }];
    const resolved = { name: 'm', endpoint: 'echo:', maxTokens: 1024, temperature: 0.7 };
    const mediaTokens = { image: 1600, audio: 2000, file: 5000 };
    const endpoint = { endpoint: 'echo:', providerModel: 'm', headers: new Map(), query: new Map() };

    expect(resolveApiKey(resolve({ models }))?.models).toEqual([
      { ...resolved, mediaTokens, explicit: {}, endpoints: [{ ...endpoint, requestUsage: false }] },
    ]);
  });

  test('of a model are not explicit, unlike equal values in the file', () => {
    const model = { name: 'm', endpoint: 'echo:', max_tokens: '1024', temperature: '0.7' };

    expect(resolveApiKey(resolve({ models: [model] }))?.models[0]?.explicit).toEqual({
      ...{ maxTokens: 1024, temperature: 0.7 },
    });
  });

  test('of media tokens fill in the kinds that the file does not set', () => {
    const model = { name: 'm', endpoint: 'echo:', media_tokens: { file: '30000' } };

    expect(resolveApiKey(resolve({ models: [model] }))?.models[0]?.mediaTokens).toEqual({
      ...{ image: 1600, audio: 2000, file: 30_000 },
    });
  });

  test('of limits fill in only what is missing', () => {
    expect(resolve({ rate_limits: { requests_per_hour: '7' } }).rate_limits).toEqual({
      requests_per_minute: 60,
      tokens_per_minute: 10_000,
      requests_per_hour: 7,
      concurrent_requests: 5,
    });
  });
});

describe('what is required', () => {
  test.each(['name', 'type'])('%s', (name) => {
    expect(faultsOf({ [name]: undefined })).toEqual([`${name}: is required`]);
  });

  test('rate_limits', () => {
    expect(faultsOf({ rate_limits: undefined })).toEqual([
      'rate_limits: is required: write a mapping of limits, or {} for the defaults',
    ]);
  });

  test('name of a model, and endpoint of each of its endpoints', () => {
    expect(faultsOf({ models: [{ endpoints: [{}] }] })).toEqual([
      'models.0.name: is required',
      'models.0.endpoints.0.endpoint: is required',
    ]);
  });

  test('all of it at once', () => {
    expect(faultsOf({ name: undefined, type: undefined, rate_limits: undefined })).toHaveLength(3);
  });
});

describe('rejected values', () => {
  test('every field with an invalid value, with the reason', async () => {
    const failures = await failuresOf(
      [
        ['api_key', '', 'must not be empty'],
        ['api_key', ['k'], 'must be a string'],
        ['api_key', 'k'.repeat(513), 'must have at most 512 characters'],
        [
          'api_key',
          'k\nk',
          'must not contain control characters: remove line breaks, tabs and other invisible characters',
        ],
        [
          'api_key',
          'sha256:abc',
          'is a malformed digest: write sha256: and 64 hexadecimal digits in lower case',
        ],
        [
          'api_key',
          `sha256:${'A'.repeat(64)}`,
          'is a malformed digest: write sha256: and 64 hexadecimal digits in lower case',
        ],
        [
          'api_key',
          `sha256:${'a'.repeat(65)}`,
          'is a malformed digest: write sha256: and 64 hexadecimal digits in lower case',
        ],
        ['key_id', '', 'must be 1 to 64 characters from A-Z a-z 0-9 . _ ~ -'],
        ['key_id', 'a b', 'must be 1 to 64 characters from A-Z a-z 0-9 . _ ~ -'],
        ['key_id', 'a:b', 'must be 1 to 64 characters from A-Z a-z 0-9 . _ ~ -'],
        ['key_id', 'a'.repeat(65), 'must be 1 to 64 characters from A-Z a-z 0-9 . _ ~ -'],
        ['key_id', ['a'], 'must be a string'],
        ['name', '', 'must not be empty'],
        ['name', 'n'.repeat(129), 'must have at most 128 characters'],
        [
          'name',
          'a\tb',
          'must not contain control characters: remove line breaks, tabs and other invisible characters',
        ],
        ['type', 'refresh', 'must be one of tiered_model_exec, function_call, api_call'],
        ['type', 'service', 'must be one of tiered_model_exec, function_call, api_call'],
        ['type', 'delegation', 'must be one of tiered_model_exec, function_call, api_call'],
        ['type', 'foreign', 'must be one of tiered_model_exec, function_call, api_call'],
        ['type', 'API_CALL', 'must be one of tiered_model_exec, function_call, api_call'],
        ['active', 'yes', 'must be true or false'],
        ['active', '', 'must be true or false'],
        ['users', '1', 'must be true, false, or a mapping of directory, for example { directory: corp }'],
        ['refresh_tokens', 'always', 'must be one of off, confidential, public'],
        ['dpop', 'require', 'must be one of allowed, required'],
        ['surplus_scopes', 'ignore', 'must be one of reject, narrow'],
        [
          'expires_at',
          '2030-12-31',
          'must be a date and time with a time zone, for example 2030-12-31T23:59:59Z',
        ],
        [
          'expires_at',
          '2030-12-31T23:59:59',
          'must be a date and time with a time zone, for example 2030-12-31T23:59:59Z',
        ],
        [
          'expires_at',
          '2030-02-30T00:00:00Z',
          'must be a date and time with a time zone, for example 2030-12-31T23:59:59Z',
        ],
        [
          'expires_at',
          '1893456000',
          'must be a date and time with a time zone, for example 2030-12-31T23:59:59Z',
        ],
        ['audiences', 'https://a', 'must be a list'],
        ['audiences', ['https://a', 'https://a'], 'must not contain duplicates: remove the repeated entry'],
        ['permissions', 'read', 'must be a list'],
        ['permissions', { read: 'yes' }, 'must be a list'],
        ['permissions', ['read', 'read'], 'must not contain duplicates: remove the repeated entry'],
        [
          'permissions',
          Array.from({ length: 257 }, (_, index) => `p${index}`),
          'must have at most 256 entries',
        ],
        ['token_ttl', '0', 'must be from 1 to 86400'],
        ['token_ttl', '86401', 'must be from 1 to 86400'],
        ['token_ttl', '-5', 'must be an integer'],
        ['token_ttl', '1.5', 'must be an integer'],
        ['token_ttl', '1e3', 'must be an integer'],
        ['token_ttl', '0x10', 'must be an integer'],
        ['token_ttl', '10m', 'must be an integer'],
        ['token_ttl', '', 'must be an integer'],
        ['token_ttl', '1'.repeat(13), 'must be an integer'],
        ['scope_ttl', ['read'], 'must be a mapping of scopes to seconds'],
        ['metadata', 'gold', 'must be a mapping'],
        ['metadata', ['gold'], 'must be a mapping'],
        ['metadata_claims', 'tier', 'must be a list'],
        ['metadata_claims', ['tier', 'tier'], 'must not contain duplicates: remove the repeated entry'],
        ['models', 'gpt-4', 'must be a list'],
        ['functions', 'add', 'must be a list'],
        ['functions', ['add', 'add'], 'must not contain duplicates: remove the repeated entry'],
        ['endpoints', 'GET /', 'must be a list'],
      ],
      ([name, value, message]) => {
        expect(faultsOf({ [name]: value })).toContain(`${name}: ${message}`);
      },
    );

    expect(failures).toEqual([]);
  });

  test.each([
    ['audiences', '', 'must not be empty'],
    ['audiences', 'a b', 'must not contain spaces'],
    ['audiences', 'a'.repeat(257), 'must have at most 256 characters'],
    ['permissions', '', 'must not be empty'],
    ['permissions', 'a'.repeat(129), 'must have at most 128 characters'],
    [
      'permissions',
      'offline_access',
      'must not be offline_access: to allow refresh tokens, set refresh_tokens',
    ],
    ['functions', 'a b', 'must not contain spaces'],
    ['endpoints', '/reports', 'must be a method or *, a space and a path, for example GET /reports/*'],
    ['endpoints', 'get /reports', 'must be a method or *, a space and a path, for example GET /reports/*'],
    ['endpoints', 'GET  /reports', 'must be a method or *, a space and a path, for example GET /reports/*'],
    ['endpoints', 'GET reports', 'must be a method or *, a space and a path, for example GET /reports/*'],
    ['endpoints', '** /reports', 'must be a method or *, a space and a path, for example GET /reports/*'],
    ['endpoints', 'GET /a/../b', NEVER_REQUESTED],
    ['endpoints', 'GET /a//b', NEVER_REQUESTED],
    ['endpoints', 'GET /{id}', NEVER_REQUESTED],
    ['endpoints', 'GET /rep*', 'must use * only as a whole path segment, for example GET /reports/*'],
  ])('an entry of %s that is %j', (name, entry, message) => {
    expect(faultsOf({ [name]: [entry] })).toContain(`${name}.0: ${message}`);
  });

  test.each(['a b', '"a"', 'a\\b', 'é'])('the permission %j, which is no scope token', (permission) => {
    expect(faultsOf({ permissions: [permission] })).toEqual([
      'permissions.0: must be one scope token (RFC 6749 §3.3): printable ASCII without spaces, double quotes and backslashes',
    ]);
  });

  test.each(['requests_per_minute', 'tokens_per_minute', 'requests_per_hour', 'concurrent_requests'])(
    'a limit %s of zero, or of more than 1000000000, or not a number',
    (name) => {
      const path = `rate_limits.${name}`;
      expect(faultsOf({ rate_limits: { [name]: '0' } })).toEqual([`${path}: must be from 1 to 1000000000`]);
      expect(faultsOf({ rate_limits: { [name]: '1000000001' } })).toEqual([
        `${path}: must be from 1 to 1000000000`,
      ]);
      expect(faultsOf({ rate_limits: { [name]: 'unlimited' } })).toEqual([`${path}: must be an integer`]);
    },
  );

  test.each([
    [{ max_tokens: '0' }, 'max_tokens: must be from 1 to 1000000000'],
    [{ temperature: '2.1' }, 'temperature: must be from 0 to 2'],
    [{ temperature: '-1' }, 'temperature: must be a number'],
    [{ temperature: '.5' }, 'temperature: must be a number'],
    [{ temperature: 'NaN' }, 'temperature: must be a number'],
    [{ media_tokens: '1600' }, 'media_tokens: must be a mapping of image, audio and file to tokens'],
    [{ media_tokens: { image: '0' } }, 'media_tokens.image: must be from 1 to 1000000000'],
    [
      { media_tokens: { video: '1' } },
      'media_tokens.video: is an unknown field: correct the spelling, or remove it',
    ],
    [{ token_limit_member: 'n' }, 'token_limit_member: must be one of max_tokens, max_completion_tokens'],
    [{ request_usage: 'yes' }, 'request_usage: must be true or false'],
    [{ provider_model: '' }, 'provider_model: must not be empty'],
    [{ timeout_ms: '0' }, 'timeout_ms: must be from 1 to 3600000'],
    [{ idle_timeout_ms: '1s' }, 'idle_timeout_ms: must be an integer'],
    [{ endpoints: [] }, 'endpoints: must contain at least one endpoint'],
    [{ endpoints: [{}] }, 'endpoints.0.endpoint: is required'],
    [
      { endpoints: [{ name: 'm' }] },
      'endpoints.0.name: is an unknown field: correct the spelling, or remove it',
    ],
    [{ query: { a: '' } }, 'query.a: must not be empty'],
    [{ headers: { 'a b': 'c' } }, 'headers.a b: must be a mapping of header names to values'],
    [{ api_key: 'é' }, 'api_key: must contain printable ASCII characters only'],
    [{ headers: { a: 'é' } }, 'headers.a: must contain printable ASCII characters only'],
    [
      { headers: { a: 'changeme' } },
      'headers.a: is a placeholder, not a key: use ${VARIABLE} or the key itself',
    ],
    [
      { headers: { 'Content-Type': 'a/b' } },
      'headers: must not contain headers of the message or the connection, for example Content-Type and Host: remove them',
    ],
    [
      { headers: { a: 'b', A: 'b' } },
      'headers: must not contain a header twice: header names are case-insensitive',
    ],
    [{ api_key: '' }, 'api_key: must not be empty'],
    [{ name: '' }, 'name: must not be empty'],
    [{ endpoint: 'http://example.com' }, 'endpoint: must be an https URL (http on loopback only) or echo:'],
  ])('a model with %j', (fields, fault) => {
    expect(faultsOf({ models: [{ name: 'm', endpoint: 'echo:', ...fields }] })).toContain(
      `models.0.${fault}`,
    );
  });

  test.each([
    [{ read: '0' }, 'scope_ttl.read: must be from 1 to 86400'],
    [{ read: 'soon' }, 'scope_ttl.read: must be an integer'],
  ])('scope_ttl %j', (scopeTtl, fault) => {
    expect(faultsOf({ scope_ttl: scopeTtl })).toEqual([fault]);
  });

  test('a scope_ttl for what is no scope token', () => {
    expect(faultsOf({ scope_ttl: { 'a b': '60' } })).toEqual([
      'scope_ttl.a b: must be a mapping of scopes to seconds',
    ]);
  });

  test.each([['text'], [[]], [''], [null]])('a document that is %j', (document) => {
    const { issues } = v.safeParse(apiKeySchema, document);
    expect(issues?.map(({ message }) => message)).toEqual(['must be a mapping of fields']);
  });

  test.each([
    [{ extra: '1', Name: 'N' }, ['extra', 'Name']],
    [{ rate_limits: { requests_per_second: '1' } }, ['rate_limits.requests_per_second']],
    [{ models: [{ name: 'm', endpoint: 'echo:', top_p: '1' }] }, ['models.0.top_p']],
  ])('unknown fields, each by itself: %j', (fields, paths) => {
    expect(faultsOf(fields)).toEqual(
      paths.map((path) => `${path}: is an unknown field: correct the spelling, or remove it`),
    );
  });

  test.each(['previous_api_key', 'rate_limits', 'delegation', 'metadata', 'scope_ttl'])(
    'a list instead of a mapping in %s',
    (name) => {
      expect(faultsOf({ [name]: [] })).toEqual([expect.stringContaining(`${name}: `)]);
    },
  );
});

describe('what is accepted', () => {
  test.each([
    ['true', true],
    ['True', true],
    ['TRUE', true],
    ['false', false],
    ['False', false],
    ['FALSE', false],
  ])('the flag %s', (text, value) => {
    expect(resolve({ active: text, users: text })).toMatchObject({ active: value, users: value });
  });

  test.each([
    ['2030-01-01T00:00:00Z', 1_893_456_000],
    ['2030-01-01T02:00:00+02:00', 1_893_456_000],
    ['2029-12-31T19:00:00-05:00', 1_893_456_000],
    ['2030-01-01T00:00:00.500Z', 1_893_456_000.5],
  ])('the date %s', (text, value) => {
    expect(resolve({ expires_at: text }).expires_at).toBe(value);
  });

  test.each([
    ['1', 1],
    ['86400', 86_400],
    ['0060', 60],
  ])('the lifetime %s', (text, value) => {
    expect(resolve({ token_ttl: text }).token_ttl).toBe(value);
  });

  test.each([
    ['0', 0],
    ['2', 2],
    ['0.25', 0.25],
  ])('the temperature %s', (text, value) => {
    expect(
      resolve({ models: [{ name: 'm', endpoint: 'echo:', temperature: text }] }).models[0]?.temperature,
    ).toBe(value);
  });

  test('a model with several endpoints, whose first one is the endpoint of the model', () => {
    const azure = { endpoint: 'https://a.example', headers: { 'Api-Key': 'k' }, query: { v: '1' } };
    const timeouts = { timeout_ms: '9', idle_timeout_ms: '8', provider_model: 'p' };
    const models = [{ name: 'm', endpoints: [azure, { endpoint: 'echo:', ...timeouts }] }];
    const [model] = resolveApiKey(resolve({ models }))?.models ?? [];

    expect(model?.endpoint).toBe('https://a.example');
    expect(model?.endpoints[0]?.headers.get('api-key')?.reveal()).toBe('k');
    expect(model?.endpoints[0]?.query.get('v')?.reveal()).toBe('1');
    expect(model?.endpoints[1]).toMatchObject({ timeoutMs: 9, idleTimeoutMs: 8, providerModel: 'p' });
  });

  test('a digest in place of the key', () => {
    expect(resolve({ api_key: `sha256:${'0af9'.repeat(16)}` }).api_key).toBe(`sha256:${'0af9'.repeat(16)}`);
  });

  test.each(['* /', 'GET /reports/*', 'PATCH /a.b/*/c'])('the endpoint %s', (endpoint) => {
    expect(resolve({ endpoints: [endpoint] }).endpoints).toEqual([endpoint]);
  });

  test.each(['tiered_model_exec', 'function_call', 'api_call'])('the type %s', (type) => {
    expect(resolve({ type }).type).toBe(type);
  });

  test('metadata of any depth', () => {
    const metadata = { plan: { tier: 'gold', regions: ['eu', { name: 'us' }] }, empty: '' };
    expect(resolve({ metadata }).metadata).toEqual(metadata);
  });
});
