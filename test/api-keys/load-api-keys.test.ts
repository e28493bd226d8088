// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of variables in API-key files
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { digestSecret } from '../../src/api-keys/api-key-registry.js';
import { claimsByKeyType } from '../../src/api-keys/claims-by-key-type.js';
import { ConfigurationError } from '../../src/api-keys/configuration-error.js';
import { generateApiKey } from '../../src/api-keys/generate-api-key.js';
import { loadApiKeys } from '../../src/api-keys/load-api-keys.js';
import { InvalidClientError } from '../../src/base/token-endpoint-errors.js';
import {
  faultsOf,
  type KeyFiles,
  loadFile,
  loadFiles,
  MINIMAL_FILE,
  problemsOf,
  readEnterpriseFile,
  withDirectory,
} from '../support/api-key-files.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { rejectionOf, thrownBy } from '../support/caught.js';
import { NOW } from '../support/tokens.js';

const CANARY = 'c4n4ry-c4n4ry';

/** 2025-12-31T23:59:59Z, when the enterprise example expires. */
const ENTERPRISE_EXPIRY = 1_767_225_599;

const PROVIDER_KEYS = { OPENAI_API_KEY: `openai-${CANARY}`, ANTHROPIC_API_KEY: `anthropic-${CANARY}` };

function keyFile(fields: Readonly<Record<string, string>> = {}): string {
  const all = { api_key: 'k-1', name: 'One', type: 'api_call', rate_limits: '{}', ...fields };
  return Object.entries(all)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

describe('the enterprise example of the original description', () => {
  const load = async () =>
    loadFiles({ 'api_key_enterprise.yaml': await readEnterpriseFile() }, PROVIDER_KEYS);

  test('loads word for word', async () => {
    const { apiKeys } = await load();
    expect(apiKeys).toEqual([
      {
        keyId: 'enterprise-customer-api-key',
        name: 'Enterprise Customer API Key',
        type: 'tiered_model_exec',
        active: true,
        expiresAt: ENTERPRISE_EXPIRY,
        audiences: [],
        permissions: ['read:documents', 'write:documents', 'execute:models', 'admin:configurations'],
        tokenTtlSeconds: 600,
        scopeTtlSeconds: new Map(),
        rateLimits: {
          requests_per_minute: 100,
          tokens_per_minute: 50_000,
          requests_per_hour: 5000,
          concurrent_requests: 10,
        },
        metadata: {
          customer_id: 'cust_12345',
          tier: 'enterprise',
          department: 'engineering',
          cost_center: 'AI-001',
          billing_contact: 'billing@example.com',
        },
        metadataClaims: ['customer_id', 'tier', 'department', 'cost_center', 'billing_contact'],
        users: false,
        groupPermissions: {},
        refreshTokens: 'confidential',
        dpop: 'allowed',
        introspects: [],
        serviceAudiences: [],
        workloads: [],
        idTokens: [],
        models: [
          expect.objectContaining({
            name: 'gpt-4',
            endpoint: 'https://api.openai.com/v1/chat/completions',
            maxTokens: 4096,
            temperature: 0.7,
          }),
          expect.objectContaining({
            name: 'claude-3',
            endpoint: 'https://api.anthropic.com/v1/messages',
            maxTokens: 4096,
            temperature: 0.7,
          }),
        ],
        functions: [],
        endpoints: [],
      },
    ]);
  });

  test('reads the keys of the providers from the environment', async () => {
    const { apiKeys } = await load();
    expect(apiKeys[0]?.models.map(({ apiKey }) => apiKey?.reveal())).toEqual([
      PROVIDER_KEYS.OPENAI_API_KEY,
      PROVIDER_KEYS.ANTHROPIC_API_KEY,
    ]);
  });

  test('names the variables that are not set', async () => {
    expect(await faultsOf(await readEnterpriseFile())).toEqual([
      'models[0].api_key: needs the environment variable OPENAI_API_KEY, which is not set: set it to a value that is not blank',
      'models[1].api_key: needs the environment variable ANTHROPIC_API_KEY, which is not set: set it to a value that is not blank',
    ]);
  });

  test('authenticates until it expires', async () => {
    const registry = await load();
    const credentials = { secret: 'sk-enterprise-001' };
    expect(registry.authenticate(credentials, ENTERPRISE_EXPIRY - 1).keyId).toBe(
      'enterprise-customer-api-key',
    );
    expect(thrownBy(() => registry.authenticate(credentials, ENTERPRISE_EXPIRY))).toMatchObject({
      reason: 'expired',
    });
    expect(() => registry.authenticate(credentials, NOW)).toThrow(InvalidClientError);
  });

  test('authenticates longer with a later date', async () => {
    const text = (await readEnterpriseFile()).replace('2025-12-31', '2035-12-31');
    const registry = await loadFiles({ 'key.yaml': text }, PROVIDER_KEYS);
    expect(registry.authenticate({ secret: 'sk-enterprise-001' }, NOW).name).toBe(
      'Enterprise Customer API Key',
    );
  });
});

describe('the directory', () => {
  test('is read for *.yaml and *.yml in the order of their names, and nothing else', async () => {
    const files = {
      'b.yml': keyFile({ api_key: 'k-b', name: 'B' }),
      'a.yaml': keyFile({ api_key: 'k-a', name: 'A' }),
      '.hidden.yaml': 'not: valid',
      'README.md': 'not: valid',
      'key.yaml.bak': 'not: valid',
    };
    expect((await loadFiles(files)).apiKeys.map(({ keyId }) => keyId)).toEqual(['a', 'b']);
  });

  test('is not read below', async () => {
    await withDirectory({ 'a.yaml': MINIMAL_FILE }, async (directory) => {
      await mkdir(join(directory, 'folder.yaml'));
      await writeFile(join(directory, 'folder.yaml', 'b.yaml'), 'not: valid');
      expect((await loadApiKeys({ directory, environment: {} })).apiKeys).toHaveLength(1);
    });
  });

  test.each(['b.YAML', 'b.YML', 'b.Yaml', 'b.yAml'])(
    'with the file %s is an error, so that no key is missing unnoticed',
    async (name) => {
      expect(await problemsOf({ 'a.yaml': MINIMAL_FILE, [name]: keyFile({ name: 'B' }) })).toEqual([
        {
          file: name,
          line: 1,
          column: 1,
          path: '',
          message: 'must have the extension .yaml or .yml in lower case: rename the file',
        },
      ]);
      expect(await problemsOf({ [name]: keyFile({ name: 'B' }) })).toMatchObject([{ file: name }]);
    },
  );

  test('with folders, or links to folders, is read without them, and warns', async () => {
    await withDirectory({ 'a.yaml': keyFile({ api_key: generateApiKey() }) }, async (directory) => {
      for (const name of ['archive', 'folder.yaml', '.git', '..2030_01_01'])
        await mkdir(join(directory, name));
      await symlink('archive', join(directory, 'linked'));
      await symlink('..2030_01_01', join(directory, '..data'));
      await symlink('gone', join(directory, 'dangling'));
      const { warnings } = await loadApiKeys({ directory, environment: {} });

      expect(warnings.map(({ file, message }) => `${basename(file)} ${message}`)).toEqual([
        'archive is a subdirectory, which is ignored: move API key files out of it',
        'folder.yaml is a subdirectory, which is ignored: move API key files out of it',
        'linked is a subdirectory, which is ignored: move API key files out of it',
      ]);
    });
  });

  test('may be mounted by Kubernetes, which links the files through ..data', async () => {
    await withDirectory({}, async (directory) => {
      await mkdir(join(directory, '..2030_01_01'));
      await writeFile(join(directory, '..2030_01_01', 'key.yaml'), MINIMAL_FILE);
      await symlink('..2030_01_01', join(directory, '..data'));
      await symlink(join('..data', 'key.yaml'), join(directory, 'key.yaml'));
      const registry = await loadApiKeys({ directory, environment: {} });
      expect(registry.apiKeys.map(({ keyId }) => keyId)).toEqual(['minimal']);
    });
  });

  test('without files is an error', async () => {
    const [problem, ...others] = await problemsOf({ 'README.md': '' });
    expect(problem).toMatchObject({
      line: 1,
      column: 1,
      path: '',
      message: 'contains no *.yaml or *.yml file: add one file for each API key, or correct the path',
    });
    expect(others).toEqual([]);
  });

  test('that does not exist is an error that names it', async () => {
    const directory = await withDirectory({}, async (path) => path);
    const error = await rejectionOf(loadApiKeys({ directory, environment: {} }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ message: `${directory}:1:1: cannot be read (ENOENT)` });
  });

  test('that is a file is an error', async () => {
    await withDirectory({ 'a.yaml': MINIMAL_FILE }, async (directory) => {
      const error = await rejectionOf(loadApiKeys({ directory: join(directory, 'a.yaml') }));
      expect(error).toMatchObject({ problems: [{ message: 'cannot be read (ENOTDIR)' }] });
    });
  });

  test('with a dangling link is an error at that link', async () => {
    await withDirectory({ 'a.yaml': MINIMAL_FILE }, async (directory) => {
      await symlink('gone.yaml', join(directory, 'b.yaml'));
      const error = await rejectionOf(loadApiKeys({ directory, environment: {} }));
      expect(error).toBeInstanceOf(ConfigurationError);
    });
  });
});

describe('the environment', () => {
  test('is that of the process unless another one is given', async () => {
    const name = 'PASSPORT_JWE_TEST_API_KEY';
    process.env[name] = 'k-process';
    try {
      await withDirectory({ 'a.yaml': keyFile({ api_key: `\${${name}}` }) }, async (directory) => {
        const registry = await loadApiKeys({ directory });
        expect(registry.authenticate({ secret: 'k-process' }, NOW).keyId).toBe('one');
      });
    } finally {
      delete process.env[name];
    }
  });
});

describe('problems', () => {
  test('of all files are reported at once, sorted, each with its place and path', async () => {
    const files = {
      'c.yaml': 'api_key: k-c\nname: C\ntype: refresh\nrate_limits: {}\n',
      'a.yaml': [
        'api_key: k-a',
        'name: A',
        'type: api_call',
        'models:',
        '  - name: m',
        '    endpoint: ftp://example.com',
        '    api_key: k',
        '    extra: 1',
        'rate_limits:',
        '  requests_per_minute: many',
        'unknown: 1',
        '',
      ].join('\n'),
      'b.yaml': 'api_key: [\n',
      'd.yaml': MINIMAL_FILE,
    };
    expect(await problemsOf(files)).toEqual([
      {
        file: 'a.yaml',
        line: 6,
        column: 5,
        path: 'models[0].endpoint',
        message: 'must be an https URL (http on loopback only) or echo:',
      },
      {
        file: 'a.yaml',
        line: 8,
        column: 5,
        path: 'models[0].extra',
        message: 'is an unknown field: correct the spelling, or remove it',
      },
      {
        file: 'a.yaml',
        line: 10,
        column: 3,
        path: 'rate_limits.requests_per_minute',
        message: 'must be an integer',
      },
      {
        file: 'a.yaml',
        line: 11,
        column: 1,
        path: 'unknown',
        message: 'is an unknown field: correct the spelling, or remove it',
      },
      {
        file: 'b.yaml',
        line: 2,
        column: 1,
        path: '',
        message: expect.stringMatching(/^is not valid YAML: /),
      },
      {
        file: 'c.yaml',
        line: 3,
        column: 1,
        path: 'type',
        message: 'must be one of tiered_model_exec, function_call, api_call',
      },
    ]);
  });

  test('are the lines of the message, with the path of the file', async () => {
    await withDirectory(
      { 'a.yaml': 'name: A\ntype: api_call\nrate_limits: {}\nextra: 1\n' },
      async (directory) => {
        const error = await rejectionOf(loadApiKeys({ directory, environment: {} }));
        const file = join(directory, 'a.yaml');
        expect(error).toMatchObject({
          code: 'ERR_CONFIGURATION',
          message: `${file}:1:1 api_key: is required unless jwks, jwks_uri, tls_client_auth, self_signed_tls_client_auth or workloads is set\n${file}:4:1 extra: is an unknown field: correct the spelling, or remove it`,
        });
      },
    );
  });

  test('of one file keep every other key from being loaded', async () => {
    await expect(loadFiles({ 'a.yaml': MINIMAL_FILE, 'b.yaml': 'name: B' })).rejects.toThrow(
      ConfigurationError,
    );
  });
});

describe('duplicates', () => {
  test('of a key are rejected in the later file, with the name of the earlier one', async () => {
    const files = { 'a.yaml': keyFile({ name: 'A' }), 'b.yaml': keyFile({ name: 'B' }) };
    expect(await problemsOf(files)).toEqual([
      {
        file: 'b.yaml',
        line: 1,
        column: 1,
        path: 'api_key',
        message: expect.stringMatching(/^must be unique, but is already used in .*a\.yaml$/),
      },
    ]);
  });

  test('of a key are found between its plain form and its digest', async () => {
    const digest = `sha256:${digestSecret('k-1').toString('hex')}`;
    const files = { 'a.yaml': keyFile({ name: 'A' }), 'b.yaml': keyFile({ name: 'B', api_key: digest }) };
    expect(await problemsOf(files)).toMatchObject([{ file: 'b.yaml', path: 'api_key' }]);
  });

  test('of a key are found behind variables', async () => {
    const files = { 'a.yaml': keyFile({ name: 'A' }), 'b.yaml': keyFile({ name: 'B', api_key: '${KEY}' }) };
    expect(await problemsOf(files, { KEY: 'k-1' })).toMatchObject([{ file: 'b.yaml', path: 'api_key' }]);
  });

  test.each<[string, KeyFiles]>([
    [
      'given',
      { 'a.yaml': keyFile({ key_id: 'x' }), 'b.yaml': keyFile({ api_key: 'k-2', name: 'B', key_id: 'x' }) },
    ],
    [
      'made of names',
      { 'a.yaml': keyFile({ name: 'My key' }), 'b.yaml': keyFile({ api_key: 'k-2', name: 'my-KEY' }) },
    ],
    [
      'of both kinds',
      { 'a.yaml': keyFile({ key_id: 'my-key' }), 'b.yaml': keyFile({ api_key: 'k-2', name: 'My key' }) },
    ],
  ])('of key_ids %s are rejected', async (_, files) => {
    expect(await problemsOf(files)).toMatchObject([
      { file: 'b.yaml', path: 'key_id', message: expect.stringMatching(/a\.yaml$/) },
    ]);
  });

  test('are case-sensitive', async () => {
    const files = {
      'a.yaml': keyFile({ key_id: 'x' }),
      'b.yaml': keyFile({ api_key: 'K-1', name: 'B', key_id: 'X' }),
    };
    expect((await loadFiles(files)).apiKeys).toHaveLength(2);
  });
});

describe('the previous key of a rotation', () => {
  const previous = (apiKey: string): string => `{api_key: '${apiKey}', expires_at: '2030-02-01T00:00:00Z'}`;

  test('is accepted beside the key, under the same key_id', async () => {
    const registry = await loadFiles({ 'a.yaml': keyFile({ previous_api_key: previous('k-0') }) });
    const credentials = ['k-1', 'k-0'].map((secret) => registry.authenticate({ secret }, NOW).keyId);
    expect(credentials).toEqual(['one', 'one']);
    expect(registry.get('one')?.previousKeyExpiresAt).toBe(Date.UTC(2030, 1, 1) / 1000);
  });

  test.each(['k-0', `sha256:${digestSecret('k-0').toString('hex')}`, '${PREVIOUS}'])(
    'may be given as %s',
    async (apiKey) => {
      const file = keyFile({ previous_api_key: previous(apiKey) });
      const registry = await loadFiles({ 'a.yaml': file }, { PREVIOUS: 'k-0' });
      expect(registry.authenticate({ secret: 'k-0' }, NOW).keyId).toBe('one');
    },
  );

  test.each([
    ['{api_key: k-0}', 'previous_api_key.expires_at: is required'],
    ["{expires_at: '2030-02-01T00:00:00Z'}", 'previous_api_key.api_key: is required'],
    ['k-0', 'previous_api_key: must be a mapping of api_key and expires_at'],
    [previous('k-1'), 'previous_api_key.api_key: must differ from api_key: generate a new key for api_key'],
    [
      previous(`sha256:${digestSecret('k-1').toString('hex')}`),
      'previous_api_key.api_key: must differ from api_key: generate a new key for api_key',
    ],
  ])('is rejected as %j', async (value, fault) => {
    expect(await faultsOf(keyFile({ previous_api_key: value }))).toEqual([fault]);
  });

  test.each([
    ['the key of another file', { api_key: 'k-0', name: 'B' }, 'previous_api_key.api_key'],
    ['that of another file', { api_key: 'k-2', name: 'B', previous_api_key: previous('k-0') }, 'api_key'],
  ])('must not be %s', async (_, fields, path) => {
    const files = {
      'a.yaml': keyFile(fields),
      'b.yaml': keyFile({ previous_api_key: previous('k-0') }),
    };
    expect(await problemsOf(files)).toMatchObject([
      { file: 'b.yaml', path: expect.stringContaining(path), message: expect.stringMatching(/a\.yaml$/) },
    ]);
  });
});

describe('the form of a key', () => {
  const typo = (): string => {
    const key = generateApiKey();
    return key.slice(0, -1) + (key.endsWith('x') ? 'y' : 'x');
  };
  const FAULT =
    'is mistyped: it has the form of a generated key, but its checksum does not match. Copy the key again';

  test('shows a generated one that is mistyped', async () => {
    const previous = `{api_key: ${typo()}, expires_at: '2030-02-01T00:00:00Z'}`;
    const file = keyFile({ api_key: typo(), previous_api_key: previous });
    expect(await faultsOf(file)).toEqual([`api_key: ${FAULT}`, `previous_api_key.api_key: ${FAULT}`]);
  });

  test('warns about a key that is easy to guess, with its position', async () => {
    const files = {
      'a.yaml': keyFile({ api_key: generateApiKey(), name: 'Strong' }),
      'b.yaml': MINIMAL_FILE,
    };
    const { warnings } = await loadFiles(files);
    expect(warnings).toEqual([
      {
        file: expect.stringMatching(/b\.yaml$/),
        line: 1,
        column: 1,
        path: 'api_key',
        message: 'is easy to guess: replace it with a generated key (passport-jwe api-key create)',
      },
    ]);
  });

  test('does not warn about a digest, which cannot be judged', async () => {
    const digest = `sha256:${digestSecret('k-1').toString('hex')}`;
    expect((await loadFiles({ 'a.yaml': keyFile({ api_key: digest }) })).warnings).toEqual([]);
  });

  test('makes one of the example of the original description', async () => {
    const { warnings } = await loadFiles({ 'a.yaml': await readEnterpriseFile() }, PROVIDER_KEYS);
    expect(warnings).toMatchObject([{ line: 2, path: 'api_key' }]);
  });
});

describe('a placeholder', () => {
  const FAULT = 'is a placeholder, not a key: use ${VARIABLE} or the key itself';
  const PLACEHOLDERS = [
    '$ENTERPRISE_API_KEY',
    'os.environ/API_KEY',
    '{{ .Values.key }}',
    '<your-api-key-goes-here>',
  ];

  test.each(PLACEHOLDERS)('%s is not a key, in any field', async (text) => {
    const previous = `{api_key: "${text}", expires_at: '2030-02-01T00:00:00Z'}`;
    const file = keyFile({
      ...{ api_key: `"${text}"`, previous_api_key: previous, type: 'tiered_model_exec' },
      models: `[{name: m, endpoint: "https://example.com", api_key: "${text}"}]`,
    });

    expect(await faultsOf(file)).toEqual([
      `api_key: ${FAULT}`,
      `previous_api_key.api_key: ${FAULT}`,
      `models[0].api_key: ${FAULT}`,
    ]);
  });

  test.each([...PLACEHOLDERS, 'changeme', "'$API_KEY'", '"<key>"'])(
    'in the environment, as %s, is not a key either',
    async (KEY) => {
      expect(await faultsOf(keyFile({ api_key: '${KEY}' }), { KEY })).toEqual([`api_key: ${FAULT}`]);
    },
  );

  test('behind a doubled dollar sign is no key either', async () => {
    expect(await faultsOf(keyFile({ api_key: '$${API_KEY}' }))).toEqual([`api_key: ${FAULT}`]);
  });

  test.each([
    `SHA256:${'0f'.repeat(32)}`,
    `sha256-${'0f'.repeat(32)}`,
    `sha-256:${'0f'.repeat(32)}`,
    `sha256=${'0f'.repeat(32)}`,
    `sha512:${'0f'.repeat(64)}`,
    `sha1:${'0f'.repeat(20)}`,
    `sha256:  ${'0f'.repeat(32)}`,
    'sha256:',
  ])('is distinguished from the malformed digest %s, which is not a key', async (digest) => {
    expect(await faultsOf(keyFile({ api_key: `"${digest}"` }))).toEqual([
      'api_key: is a malformed digest: write sha256: and 64 hexadecimal digits in lower case',
    ]);
  });
});

describe('a variable with quotes or white space around its value', () => {
  const KEY = generateApiKey();

  test.each([`"${KEY}"`, `'${KEY}'`, ` ${KEY}`, `${KEY} `])(
    'makes a warning that names it, and an event',
    async (value) => {
      const { audit, records } = createAuditRecorder();
      const warnings = await withDirectory(
        { 'a.yaml': keyFile({ api_key: '${MY_KEY}' }) },
        async (directory) => {
          return (await loadApiKeys({ directory, environment: { MY_KEY: value }, audit })).warnings;
        },
      );

      expect(warnings).toMatchObject([
        {
          path: 'api_key',
          message:
            'the environment variable MY_KEY has quotes or white space around its value: remove them, because they become part of the value',
        },
      ]);
      expect(records).toMatchObject([
        { type: 'api_keys.loaded' },
        { type: 'api_keys.wrapped_variables', variables: ['MY_KEY'] },
      ]);
      expect(JSON.stringify([warnings, records])).not.toContain(KEY);
    },
  );

  test('is not named if its name could be a secret', async () => {
    const { warnings } = await loadFiles(
      { 'a.yaml': keyFile({ api_key: '${sk1_x9}' }) },
      { sk1_x9: `"${KEY}"` },
    );
    expect(warnings).toMatchObject([
      { message: expect.stringMatching(/^an environment variable has quotes/) },
    ]);
  });
});

describe('metadata', () => {
  test('keeps the types of its scalars, in tokens too', async () => {
    const apiKey = await loadFile(
      keyFile({
        metadata: '{beta: false, seats: 5, rate: 0.5, until: null, plan: gold, code: "007", list: [1, "1"]}',
      }),
    );

    expect(claimsByKeyType(apiKey)['metadata']).toEqual({
      ...{ beta: false, seats: 5, rate: 0.5, until: null, plan: 'gold', code: '007', list: [1, '1'] },
    });
  });

  test('keeps them for the fields that metadata_claims names', async () => {
    const apiKey = await loadFile(
      keyFile({ metadata: '{beta: false, seats: 5}', metadata_claims: '[beta]' }),
    );
    expect(claimsByKeyType(apiKey)['metadata']).toEqual({ beta: false });
  });

  test('that would lose digits as a number is a fault beside all others', async () => {
    expect(await faultsOf(keyFile({ metadata: '{zip: 01067}', token_ttl: 'x' }))).toEqual(
      [
        'token_ttl: must be an integer',
        'metadata.zip: must be quoted, because a JSON number would lose digits: write it as a string',
      ].sort(),
    );
  });
});

describe('secrets', () => {
  const FILE = [
    `api_key: ${CANARY}`,
    'name: Canary',
    'type: tiered_model_exec',
    'models:',
    '  - name: m',
    '    endpoint: https://example.com',
    '    api_key: ${PROVIDER_KEY}',
    'rate_limits: {}',
    '',
  ].join('\n');

  test('are in no view of the registry', async () => {
    const registry = await loadFiles({ 'a.yaml': FILE }, { PROVIDER_KEY: CANARY });
    const [apiKey] = registry.apiKeys;
    const digest = digestSecret(CANARY).toString('hex');
    for (const value of [registry, apiKey, apiKey?.models[0]?.apiKey]) {
      const views = [
        JSON.stringify(value),
        inspect(value, { depth: null, showHidden: true }),
        String(value),
        inspect(Object(value), { customInspect: false, depth: null }),
      ];
      for (const view of views) {
        expect(view).not.toContain(CANARY);
        expect(view).not.toContain(digest);
      }
    }
    expect(apiKey?.models[0]?.apiKey?.reveal()).toBe(CANARY);
  });

  test.each([
    ['a string instead of a number', keyFile({ token_ttl: CANARY })],
    ['a string instead of a flag', keyFile({ active: CANARY })],
    ['a string instead of a date', keyFile({ expires_at: CANARY })],
    ['a string instead of a list', keyFile({ permissions: CANARY })],
    ['a string instead of a mapping', keyFile({ rate_limits: CANARY })],
    ['a string instead of models', keyFile({ models: CANARY })],
    ['a string instead of a model', keyFile({ models: `[${CANARY}]` })],
    ['an unknown type', keyFile({ type: CANARY })],
    ['a malformed scope', keyFile({ permissions: `['${CANARY} x']` })],
    ['a malformed key_id', keyFile({ key_id: `${CANARY}/` })],
    ['a malformed digest', keyFile({ api_key: `sha256:${CANARY}` })],
    ['a key that is not a string', keyFile({ api_key: `[${CANARY}]` })],
    ['a malformed endpoint', keyFile({ models: `[{name: m, endpoint: 'x ${CANARY}', api_key: ${CANARY}}]` })],
    ['a repeated entry', keyFile({ permissions: `[${CANARY}, ${CANARY}]` })],
    ['a malformed variable', keyFile({ api_key: `\${${CANARY}` })],
    ['a value of the environment that is malformed', keyFile({ token_ttl: '${TTL}' })],
    ['a text that never ends', keyFile({ api_key: `"${CANARY}` })],
    ['a list that never ends', keyFile({ api_key: `[${CANARY}` })],
    ['an unknown escape', keyFile({ api_key: `"\\q${CANARY}"` })],
    ['an alias', keyFile({ api_key: `*${CANARY}` })],
    ['an anchor', keyFile({ api_key: `&${CANARY} k` })],
    ['a tag', keyFile({ api_key: `!${CANARY} k` })],
    ['a verbatim tag', keyFile({ api_key: `!<${CANARY}> k` })],
    ['an unknown tag handle', keyFile({ api_key: `!${CANARY}!x` })],
    ['a malformed tag', keyFile({ api_key: `!${CANARY}%zz` })],
    ['a malformed block', keyFile({ api_key: `|${CANARY}` })],
    ['two texts', keyFile({ api_key: `"${CANARY}" "${CANARY}"` })],
    ['two mappings', keyFile({ api_key: `k: ${CANARY}` })],
    ['a key that is given twice', `${keyFile()}api_key: ${CANARY}\n`],
    ['a bare text', CANARY],
  ])('are in no message: %s', async (_, content) => {
    const problems = await problemsOf({ 'a.yaml': content }, { TTL: CANARY });
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(problems)).not.toContain(CANARY);
  });
});

describe('the audit trail', () => {
  test('records the loaded keys', async () => {
    const { audit, records } = createAuditRecorder();
    await withDirectory({ 'a.yaml': keyFile({ api_key: generateApiKey() }) }, (directory) =>
      loadApiKeys({ directory, environment: {}, audit }),
    );
    expect(records).toEqual([{ type: 'api_keys.loaded', keyIds: ['one'], time: '2030-01-01T00:00:00Z' }]);
  });

  test('records the keys that are easy to guess', async () => {
    const { audit, records } = createAuditRecorder();
    const files = {
      'a.yaml': keyFile({ api_key: generateApiKey(), name: 'Strong' }),
      'b.yaml': MINIMAL_FILE,
    };
    await withDirectory(files, (directory) => loadApiKeys({ directory, environment: {}, audit }));
    expect(records).toMatchObject([
      { type: 'api_keys.loaded', keyIds: ['strong', 'minimal'] },
      { type: 'api_keys.weak', keyIds: ['minimal'] },
    ]);
  });

  test('records the number of problems and their files', async () => {
    const { audit, records } = createAuditRecorder();
    const files = { 'a.yaml': 'name: A\ntype: x\n', 'b.yaml': MINIMAL_FILE };
    const [directory, load] = await withDirectory(files, async (path) => {
      return [path, await rejectionOf(loadApiKeys({ directory: path, audit }))] as const;
    });
    expect(load).toBeInstanceOf(ConfigurationError);
    const file = join(directory, 'a.yaml');
    expect(records).toMatchObject([{ type: 'api_keys.rejected', problemCount: 3, files: [file] }]);
  });

  test('also records a directory that cannot be read', async () => {
    const { audit, records } = createAuditRecorder();
    const directory = await withDirectory({}, async (path) => path);
    await expect(loadApiKeys({ directory, audit })).rejects.toThrow(ConfigurationError);
    expect(records).toMatchObject([{ type: 'api_keys.rejected', problemCount: 1 }]);
  });
});

describe('an API key', () => {
  test('is deeply frozen', async () => {
    const content = keyFile({
      models: '[{name: m, endpoint: "echo:"}]',
      metadata: '{plan: {tier: gold, regions: [eu]}}',
      permissions: '[read]',
    });
    const apiKey = await loadFile(content);
    const parts = [
      apiKey,
      apiKey.models,
      apiKey.models[0],
      apiKey.permissions,
      apiKey.rateLimits,
      apiKey.metadata,
    ];
    expect(parts.map(Object.isFrozen)).not.toContain(false);
    expect(Object.isFrozen(apiKey.metadata['plan'])).toBe(true);
  });
});
