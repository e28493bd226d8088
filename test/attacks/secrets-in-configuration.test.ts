// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of variables in API-key files
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import {
  createAuditTrail,
  createKeyRing,
  environmentKeySource,
  loadApiKeys,
  watchApiKeys,
} from 'passport-jwe';
import { pinoSink } from 'passport-jwe/audit';
import { pino } from 'pino';
import { readSettings } from '../../examples/gateway/settings.js';
import { loadFiles } from '../support/api-key-files.js';
import { rejectionOf, thrownBy } from '../support/caught.js';
import { setUpCommandLine } from '../support/command-line.js';
import { failuresOf } from '../support/failures-of.js';
import { createKeyDirectory, until } from '../support/key-directory.js';

// CWE-209: secrets in the place of names, in every position of a configuration. None may be in an error, a warning, an
// event or the log; the names of files and directories are excluded.

const { directory, run } = setUpCommandLine();

const SECRET = 'sk_live_4eC39HqLyjWDarjtT1zdp7dc';

const REST = 'name: One\ntype: api_call\nrate_limits: {}\n';
const VALID = `api_key: k-0123456789-abcdefghijklmnopqrst\n${REST}`;

/** What somebody reads of a failure. */
function viewsOf(failure: unknown): string {
  const views = [
    String(failure),
    JSON.stringify(failure),
    inspect(failure, { depth: null, showHidden: true }),
  ];
  return failure instanceof Error ? [...views, failure.stack, failure.message].join('\n') : views.join('\n');
}

const ROOT = { kty: 'oct', key_ops: ['deriveKey'], k: Buffer.alloc(32, 'root').toString('base64url') };

const POSITIONS: readonly [string, string][] = [
  ['a member of a flow mapping without a space', `{api_key:${SECRET}}`],
  ['a member of a nested flow mapping without a space', `${VALID}previous_api_key: {api_key:${SECRET}}\n`],
  [
    'a member of a model without a space',
    `${VALID}models: [{name: m, endpoint: "echo:", api_key:${SECRET}}]\n`,
  ],
  ['a field without a space', `api_key:${SECRET}\n${REST}`],
  ['the name of a field', `${VALID}${SECRET}: x\n`],
  ['the name of a field in quotes', `${VALID}"${SECRET}": x\n`],
  ['the name of a field, in question', `${VALID}? ${SECRET}\n: x\n`],
  ['the name of a limit', VALID.replace('{}', `{${SECRET}: 5}`)],
  ['the name of a limit of users', VALID.replace('{}', `{per_user: {${SECRET}: 5}}`)],
  ['the name of a field of a model', `${VALID}models: [{name: m, endpoint: "echo:", ${SECRET}: x}]\n`],
  ['the name of a rule of delegation', `${VALID}delegation: {${SECRET}: [x]}\n`],
  ['a scope of scope_ttl', `${VALID}scope_ttl: {${SECRET}: 60}\n`],
  ['the name of metadata that holds a variable', `${VALID}metadata: {${SECRET}: "\${KEY}"}\n`],
  ['the name of nested metadata that holds a variable', `${VALID}metadata: {a: {${SECRET}: "\${KEY}"}}\n`],
  ['the parent of a forbidden name', `${VALID}metadata: {${SECRET}: {__proto__: x}}\n`],
  ['a variable', `api_key: "\${${SECRET}}"\n${REST}`],
  ['a variable of a field that reaches tokens', `${VALID}key_id: "\${${SECRET}}"\n`],
  ['a malformed variable', `api_key: "\${${SECRET}-x}"\n${REST}`],
  ['a default that is refused', `${VALID}token_ttl: "\${TTL:-${SECRET}}"\n`],
  ['a value', `${VALID}token_ttl: ${SECRET}\n`],
  ['a tag', `api_key: !${SECRET} x\n${REST}`],
  ['a verbatim tag', `api_key: !<${SECRET}> x\n${REST}`],
  ['the handle of a tag', `%TAG !${SECRET}! tag:x,2026:\n---\n${VALID}`],
  ['a directive', `%${SECRET} x\n---\n${VALID}extra: x\n`],
  ['an anchor', `api_key: &${SECRET} x\n${REST}`],
  ['an alias', `api_key: *${SECRET}\n${REST}`],
  ['a merge key', `<<: {${SECRET}: x}\n${VALID}`],
  ['a comment of a broken file', `api_key: [ # ${SECRET}\n${REST}`],
  ['a name that is given twice', `${VALID}${SECRET}: x\n${SECRET}: y\n`],
  ['an audience for services and users', `${VALID}audiences: [${SECRET}]\nservice_audiences: [${SECRET}]\n`],
  ['the subject of a delegation', `${VALID}delegation: {subjects: [${SECRET}], audiences: [x]}\n`],
  ['a claim of metadata', `${VALID}metadata_claims: [${SECRET}]\n`],
  ['a function of another type', `${VALID}functions: [${SECRET}]\n`],
  ['a key of a sequence', `${VALID}permissions: [{${SECRET}: x}]\n`],
];

describe('a secret in an API key file', () => {
  test('is in no error, wherever it is', async () => {
    const failures = await failuresOf(POSITIONS, async ([_, content]) => {
      const failure = await rejectionOf(loadFiles({ 'a.yaml': content }, { KEY: 'x' }));

      expect(failure).toMatchObject({ code: 'ERR_CONFIGURATION' });
      expect(viewsOf(failure)).not.toContain(SECRET);
    });

    expect(failures).toEqual([]);
  });

  test('is not in the output of api-key check, wherever it is', async () => {
    const failures = await failuresOf(POSITIONS, async ([_, content]) => {
      await writeFile(join(directory(), 'a.yaml'), content);
      const [text, json] = [
        await run(['api-key', 'check', '.']),
        await run(['api-key', 'check', '.', '--json']),
      ];

      expect([text.code, json.code]).toEqual([1, 1]);
      expect(JSON.stringify([text, json])).not.toContain(SECRET);
    });

    expect(failures).toEqual([]);
  });

  test('is in no event, log or state of watched keys', async () => {
    const lines: string[] = [];
    const log = pinoSink(pino({ level: 'trace' }, { write: (line) => void lines.push(line) }));
    const audit = createAuditTrail({ sinks: [log] });
    const keys = await createKeyDirectory({ 'a.yaml': VALID });
    const told: unknown[] = [];
    const apiKeys = await watchApiKeys({
      ...{ directory: keys.path, environment: { KEY: 'x' }, audit, debounceMs: 0 },
      onRejected: (error) => void told.push(error),
    });
    for (const [, content] of POSITIONS) {
      const count = told.length;
      await keys.put('a.yaml', content);
      await apiKeys.reload().catch(() => {});
      await until(() => told.length > count);
    }
    const state = viewsOf(apiKeys.state.error);
    apiKeys.close();
    await audit.flush();
    await keys.dispose();

    expect([...told.map(viewsOf), state, ...lines].join('\n')).not.toContain(SECRET);
    expect(lines.join('')).toContain('api_keys.rejected');
  }, 30_000);
});

describe('a secret in an environment variable', () => {
  const FIELDS = {
    api_key: '"${KEY}"',
    active: '"${KEY}"',
    expires_at: '"${KEY}"',
    token_ttl: '"${KEY}"',
    users: '"${KEY}"',
    previous_api_key: '{api_key: "${KEY}", expires_at: "${KEY}"}',
    models: '[{name: m, endpoint: "${KEY}", api_key: "${KEY}", max_tokens: "${KEY}", temperature: "${KEY}"}]',
    scope_ttl: '{read: "${KEY}"}',
  };
  const SPELLINGS = [SECRET, ` ${SECRET} `, `"${SECRET}"`, `'${SECRET}'`, `${SECRET}\n`, `<${SECRET}>`];

  test.each(Object.entries(FIELDS))('is in no error or warning of %s', async (field, value) => {
    const content = `${field === 'api_key' ? REST : VALID}${field}: ${value}\n`;
    for (const KEY of SPELLINGS) {
      const loaded = await loadFiles({ 'a.yaml': content }, { KEY }).catch((failure: unknown) => failure);
      expect(viewsOf(loaded)).not.toContain(SECRET);
    }
  });
});

describe('a secret instead of a name', () => {
  test.each([
    ['of an option', { current: { jwk: ROOT }, [SECRET]: true }],
    ['of a variable', { current: { env: SECRET } }],
    ['of an audience', { current: { jwk: ROOT }, recipients: { [SECRET]: { jwk: ROOT } } }],
  ])('%s is in no error of createKeyRing', async (_, options) => {
    expect(viewsOf(await rejectionOf(createKeyRing(options)))).not.toContain(SECRET);
  });

  test('of an option is in no error of loadApiKeys', async () => {
    // @ts-expect-error: the mistake in question
    expect(viewsOf(await rejectionOf(loadApiKeys({ directory: '.', [SECRET]: true })))).not.toContain(SECRET);
  });

  test('of a variable is in no error of environmentKeySource', async () => {
    const source = environmentKeySource({ variable: SECRET });
    expect(viewsOf(await rejectionOf(Promise.resolve().then(() => source.load())))).not.toContain(SECRET);
  });

  test.each([
    ['a command', [SECRET]],
    ['a command of a group', ['token', SECRET]],
    ['an option', ['token', 'verify', `--${SECRET}`]],
    ['an option with a value', ['token', 'verify', `--token=${SECRET}`]],
    ['an excess argument', ['api-key', 'check', '.', SECRET]],
    ['a choice', ['api-key', 'create', 'a', '--type', SECRET]],
    ['a number of seconds', ['keys', 'rotate', '--pending', `${SECRET} 'x' is invalid`]],
    [
      'an API key',
      ['token', 'issue', '--client', SECRET, '--issuer', 'https://a', '--audience', 'https://b'],
    ],
    ['a key ID of an API key', ['api-key', 'create', `${SECRET}/`, '--show']],
  ])('of %s is in no message of the command line', async (_, args) => {
    await writeFile(join(directory(), 'a.yaml'), VALID);
    const { code, out, notes } = await run([...args, ...(args[1] === 'issue' ? ['--api-keys', '.'] : [])]);

    expect(code).toBeGreaterThan(0);
    expect(`${out}${notes}`.replaceAll(`${SECRET}/.yaml`, '')).not.toContain(SECRET);
  });

  test.each(['JWE_PASSPHRASE_FILE', 'JWE_SALT_FILE', 'DEMO_API_KEY_FILE', 'REDIS_URL_FILE'])(
    'of the path in %s is in no error of the gateway',
    (name) => {
      const failure = thrownBy(() => readSettings({ [name]: SECRET }));

      expect(failure).toMatchObject({
        message: expect.stringContaining(`${name} must be the path of a readable file`),
      });
      expect(viewsOf(failure)).not.toContain(SECRET);
    },
  );

  test.each([
    'PORT',
    'ISSUER',
    'REDIS_TIMEOUT_MS',
    'PROVIDER_TIMEOUT_MS',
    'PROXY_UPSTREAM',
    'CORS_ORIGINS',
    'METRICS_PORT',
    'SHUTDOWN_TIMEOUT_MS',
  ])('of the value of %s is in no error of the gateway', (name) => {
    expect(viewsOf(thrownBy(() => readSettings({ [name]: SECRET })))).not.toContain(SECRET);
  });
});
