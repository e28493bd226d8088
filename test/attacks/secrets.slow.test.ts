import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createKeyRing } from 'passport-jwe';
import { openAuditFile, pinoSink, verifyAuditFile } from 'passport-jwe/audit';
import { pino } from 'pino';
import { Canaries } from '../support/canaries.js';
import { exchange, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { walkGateway } from '../support/gateway-walk.js';
import { modelKey, startModelGateway } from '../support/model-gateway.js';
import { findFreePort } from '../support/processes.js';
import { type RecordingUpstream, replyJson, startRecordingUpstream } from '../support/recording-upstream.js';

// CWE-532, CWE-209: secrets in logs and error messages. Each secret here is a random one, and is looked for in
// everything that is written while requests succeed and fail: the log, the audit file, the metrics, the files of the
// store, all headers, and all bodies but those that hand out a token.

const AUDIENCE = 'https://api.example.com';
const { directory, dataDir, startAndWait } = setUpGatewayPrograms();

let canaries: Canaries;
let provider: RecordingUpstream;

beforeEach(async () => {
  canaries = new Canaries();
  provider = await startRecordingUpstream();
  // Providers like to say which key they refuse.
  provider.answer((res, req) => {
    const message = `Incorrect API key provided: ${req.headers.authorization ?? req.headers['x-api-key']}`;
    replyJson({ error: { message, code: message, param: message } }, 400)(res, req);
  });
});

afterEach(() => provider.close());

/** A key file like those of the gateway, whose every secret is a canary. */
function keyFile(keyId: string, apiKey: string, fields: string): string {
  return `api_key: ${apiKey}\nkey_id: ${keyId}\nname: ${keyId}\n${fields}`;
}

function models(providerKey: string): string {
  const withKey = (name: string, origin: string): string =>
    `{ name: ${name}, endpoint: "${origin}/v1/chat/completions", api_key: "${providerKey}" }`;
  return modelKey([
    '{ name: echo-1, endpoint: "echo:" }',
    withKey('refusing', provider.origin),
    withKey('gone', 'http://127.0.0.1:1'),
  ]).replace('[execute:models]', '[execute:models, read:documents]');
}

const INACTIVE = 'type: api_call\nrate_limits: {}\nactive: false\n';
const EXPECTED_STATUSES = [200, 400, 401, 403, 404, 405, 413, 415, 502];

test('no secret is in any output of the gateway process, including its store', async () => {
  const [apiKey, inactiveApiKey] = [
    canaries.create('an API key', 'sk-'),
    canaries.create('an inactive one', 'sk-'),
  ];
  const previousApiKey = canaries.create('a previous API key', 'sk-');
  const root = canaries.add(
    'the root secret',
    Buffer.from(canaries.create('a root', 'r')).subarray(0, 32).toString('hex'),
  );
  const [accessKey] = (await createKeyRing({ current: { secret: root } })).exportAccessKeys(AUDIENCE).keys;
  canaries.add('a derived key', String(accessKey?.['k']));
  const apiKeysDir = join(directory(), 'api-keys');
  const keysFile = join(directory(), 'keys');
  await mkdir(apiKeysDir);
  await writeFile(keysFile, root, { mode: 0o600 });
  const previous = `previous_api_key: { api_key: ${previousApiKey}, expires_at: 2999-01-01T00:00:00Z }\n`;
  await writeFile(join(apiKeysDir, 'a.yaml'), keyFile('a', apiKey, models('${PROVIDER_KEY}') + previous));
  await writeFile(join(apiKeysDir, 'b.yaml'), keyFile('b', inactiveApiKey, INACTIVE));

  const metricsPort = await findFreePort();
  const { program, origin } = await startAndWait({
    ...{ API_KEYS_DIR: apiKeysDir, JWE_KEYS_FILE: keysFile, AUDIENCE },
    ...{ METRICS_PORT: String(metricsPort), PROVIDER_KEY: canaries.create('the key of a provider', 'pk-') },
  });
  await exchange(origin, previousApiKey);
  const statuses = await walkGateway(origin, { keyId: 'a', apiKey, inactiveApiKey }, canaries);
  const metrics = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  canaries.collect('the metrics', await metrics.text());
  await writeFile(join(apiKeysDir, 'a.yaml'), `api_key: ${apiKey}\n${apiKey}: [${previousApiKey}\n`);
  program.process.kill('SIGHUP');
  while (!program.output().includes('api_keys.rejected')) await fetch(`${origin}/healthz`);
  program.process.kill('SIGTERM');
  await program.ended;
  canaries.collect('the output', program.output());
  for (const file of await readdir(dataDir(), { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    canaries.collect(`the store, ${file.name}`, await readFile(join(file.parentPath, file.name), 'latin1'));
  }

  expect(canaries.find()).toEqual([]);
  expect([...statuses].sort()).toEqual(EXPECTED_STATUSES);
  expect(canaries.writings).toBeGreaterThan(50);
});

test('no secret is in the audit file or the pino log', async () => {
  const path = join(directory(), 'audit.jsonl');
  const auditKey = Buffer.from(canaries.create('the key of the audit file'));
  const file = await openAuditFile({ path, key: auditKey, durable: false });
  const apiKey = canaries.create('an API key', 'sk-');
  const inactiveApiKey = canaries.create('an inactive one', 'sk-');
  const lines: string[] = [];
  const log = pinoSink(pino({ level: 'trace' }, { write: (line) => void lines.push(line) }));
  const gateway = await startModelGateway({
    keys: { a: models(canaries.create('the key of a provider', 'pk-')), b: INACTIVE },
    apiKeyOf: (keyId) => (keyId === 'a' ? apiKey : inactiveApiKey),
    sinks: [file, log],
  });
  const statuses = await walkGateway(gateway.origin, { keyId: 'a', apiKey, inactiveApiKey }, canaries);
  await gateway.close();
  await file.close();
  canaries.collect('the audit file', await readFile(path, 'utf8'));
  canaries.collect('the log', lines.join(''));

  expect(canaries.find()).toEqual([]);
  expect([...statuses].sort()).toEqual(EXPECTED_STATUSES);
  const { isValid, chains } = await verifyAuditFile(path, auditKey);
  expect([isValid, chains[0]?.records]).toEqual([true, lines.length]);
  const types = [
    'token.issued',
    'token.refused',
    'issuance.refused',
    'session.refreshed',
    'revocation.added',
  ];
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(expect.arrayContaining(types));
});

test('a written secret is found, in any encoding', () => {
  const secret = canaries.create('a secret');
  const bytes = Buffer.from(secret);
  const spellings = [
    secret,
    secret.slice(8),
    bytes.toString('hex'),
    bytes.toString('base64'),
    encodeURIComponent(secret),
  ];
  for (const [index, text] of spellings.entries()) canaries.collect(`place ${index}`, `{"x":"${text}"}`);
  expect(canaries.find()).toHaveLength(spellings.length);
});
