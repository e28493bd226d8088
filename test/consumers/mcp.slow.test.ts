import { execFile } from 'node:child_process';
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRing, createTokenIssuer } from 'passport-jwe';
import { type CertificateAuthority, createCertificateAuthority } from '../support/certificate-authority.js';
import { generateEc } from '../support/key-pairs.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { secretOf } from '../support/tokens.js';
import { type PackedPackage, packPackage } from './packed-package.js';
import type { Caller } from './projects/mcp/client.js';
import type { Exchange } from './projects/mcp/observed-fetch.js';
import { CALLBACK, CLIENT_METADATA } from './projects/mcp/person.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CLIENTS = fileURLToPath(new URL('projects/mcp', import.meta.url));
const COMPILER = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** What `run-client.ts` prints. */
interface Outcome {
  readonly results: readonly unknown[];
  readonly exchanges: readonly Exchange[];
  readonly accessToken: string;
  readonly sessionId?: string;
}

/** Each SDK, and the protocol version: only SDK 2 knows the current one. */
const SDKS = [
  ['SDK 1', { sdk: '1', isModern: false }],
  ['SDK 2 with sessions', { sdk: '2', isModern: false }],
  ['SDK 2 without sessions', { sdk: '2', isModern: true }],
] as const;

const LIST = ['list_notes', 'add_note'];
const text = (value: string) => JSON.stringify([{ type: 'text', text: value }]);

const run = promisify(execFile);
const programs: RunningProgram[] = [];
let packed: PackedPackage;
let folder: string;
let authority: CertificateAuthority;
let compilerOutput: string;
let blocks: ReadonlyMap<string, string>;

beforeAll(async () => {
  packed = await packPackage();
  folder = await packed.installExample('mcp');
  await cp(CLIENTS, join(folder, 'clients'), { recursive: true });
  authority = await createCertificateAuthority();
  blocks = await readPageBlocks(new URL('../../docs/guides/mcp.md', import.meta.url));
  await writeFile(join(folder, 'server.ts'), blocks.get('mcp-server') ?? '');
  const { stdout } = await run(process.execPath, [COMPILER], { cwd: folder }).catch((failure) => failure);
  compilerOutput = stdout;
}, 180_000);

afterAll(async () => {
  for (const { process } of programs) process.kill();
  await Promise.all(programs.map(({ ended }) => ended));
  await authority.dispose();
  await packed.remove();
});

/** Starts a compiled program, and returns the line that it prints once it listens. */
async function start(file: string, environment: Record<string, string>, args: readonly string[] = []) {
  const program = startProgram(join(folder, 'out', file), environment, { cwd: folder, args });
  programs.push(program);
  let isRunning = true;
  void program.ended.then(() => {
    isRunning = false;
  });
  while (isRunning && !program.output().includes('/mcp\n')) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (!isRunning) throw new Error(program.output());
  return program;
}

async function use(
  { sdk, isModern }: { readonly sdk: string; readonly isModern: boolean },
  url: string,
  caller: Caller,
  steps: readonly (readonly [string, string?])[],
): Promise<Outcome> {
  const scenario = JSON.stringify({ url, caller, steps, isModern });
  const { stdout } = await run(process.execPath, [join(folder, 'out/clients/run-client.js'), sdk, scenario]);
  return JSON.parse(stdout);
}

const LIST_TOOLS = { method: 'tools/list' };
const INITIALIZE = {
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1.0.0' },
  },
};

function send(
  url: string,
  token: string,
  headers: Record<string, string> = {},
  message: object = LIST_TOOLS,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
  });
}

test('the example and the clients compile with the types of both SDKs', () => {
  expect(compilerOutput).toBe('');
});

test('the glue between an MCP server and passport-jwe has at most ten lines', async () => {
  const source = await readFile(join(folder, 'app.ts'), 'utf8');
  const [, body = ''] = /export function createApp\([^\n]*\{\n([\s\S]*?)\n\}/.exec(source) ?? [];
  const lines = body.split('\n').filter((line) => !/^\s*(\/\/.*)?$/.test(line));

  expect(lines.length).toBeGreaterThan(5);
  expect(lines.length).toBeLessThanOrEqual(10);
});

describe('services with client credentials', () => {
  const secret = 'sample-secret-of-this-test-only';
  const { publicJwk, privateJwk } = generateEc('P-256', { kid: 'signer-1', alg: 'ES256' });
  let notes: string;
  let archive: string;
  let issuer: string;
  let directory: string;

  beforeAll(async () => {
    const environment = {
      PORT: '0',
      ROBOT_SECRET: secret,
      SIGNER_JWKS: JSON.stringify({ keys: [publicJwk] }),
    };
    const program = await start('main.js', environment, ['services']);
    [, directory = ''] = /^API keys: (.+)$/m.exec(program.output()) ?? [];
    [, notes = '', archive = ''] = /(\S+\/mcp) (\S+\/mcp)\n/.exec(program.output()) ?? [];
    const metadata = await fetch(`${new URL(notes).origin}/.well-known/oauth-protected-resource/mcp`);
    [issuer] = (await metadata.json()).authorization_servers;
  });

  const robot = (scope?: string): Caller => ({
    kind: 'service',
    credentials: { clientId: 'robot', secret, issuer, ...(scope === undefined ? {} : { scope }) },
  });
  const signer = (): Caller => ({
    kind: 'service',
    credentials: { clientId: 'signer', privateKey: { ...privateJwk }, issuer },
  });

  test.each(SDKS)('%s finds the token endpoint from the challenge', async (_name, client) => {
    const { results, exchanges } = await use(client, notes, robot(), [['list']]);

    expect(results).toEqual(['connected', LIST]);
    expect(exchanges.slice(0, 4)).toMatchObject([
      { request: 'POST /mcp', status: 401, challenge: expect.stringContaining('scope="notes:read"') },
      { request: 'GET /.well-known/oauth-protected-resource/mcp', status: 200 },
      { request: 'GET /.well-known/oauth-authorization-server', status: 200 },
      { request: 'POST /oauth/token', status: 200, form: { resource: notes } },
    ]);
  });

  test.each(SDKS)('%s authenticates with a private key', async (_name, client) => {
    const { results, exchanges } = await use(client, archive, signer(), [['add_note', 'signed']]);
    const request = exchanges.find(({ request }) => request === 'POST /oauth/token');

    expect(results).toEqual(['connected', text('Added: signed')]);
    expect(request?.form).toHaveProperty('client_assertion');
  });

  test.each(SDKS)('%s receives a narrower scope if it requests too much', async (_name, client) => {
    const { results, exchanges } = await use(client, notes, robot('notes:read notes:write admin'), [
      ['list'],
      ['add_note', 'a'],
    ]);

    expect(results).toEqual(['connected', LIST, text('Added: a')]);
    expect(exchanges.filter(({ status }) => status >= 500)).toEqual([]);
  });

  test.each(SDKS.slice(1))(
    '%s steps up: the server rejects a tool, and accepts a wider token',
    async (_name, client) => {
      const { results, exchanges } = await use(client, notes, robot(), [['list'], ['add_note', 'b']]);
      const scopes = exchanges.flatMap(({ form }) => form?.['scope'] ?? []);

      expect(results).toEqual(['connected', LIST, text('Added: b')]);
      expect(exchanges.filter(({ status }) => status === 403)).toHaveLength(1);
      expect(scopes).toEqual(['notes:read', 'notes:read notes:write']);
    },
  );

  test('SDK 1 always requests the configured scope, so the application must configure a wider one', async () => {
    const [, client] = SDKS[0];
    const narrow = await use(client, notes, robot('notes:read'), [['list'], ['add_note', 'c']]);
    const wide = await use(client, notes, robot('notes:read notes:write'), [['list'], ['add_note', 'c']]);

    expect(narrow.results).toEqual([
      'connected',
      LIST,
      { failure: 'Streamable HTTP error: Server returned 403 after trying upscoping' },
    ]);
    expect(wide.results).toEqual(['connected', LIST, text('Added: c')]);
  });

  test('a token for another resource is rejected', async () => {
    const [, client] = SDKS[2];
    const { accessToken } = await use(client, archive, robot(), [['list']]);
    const [own, other] = [await send(archive, accessToken), await send(notes, accessToken)];

    // The endpoint accepts the token, and rejects a message without a session.
    expect(own.status).toBe(400);
    expect(other.status).toBe(401);
    expect(other.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('a session ID of another subject is rejected, and one that the server has not created', async () => {
    const [, client] = SDKS[1];
    const mine = await use(client, notes, robot(), [['list']]);
    const others = await use(client, notes, signer(), [['list']]);
    const status = async (token: string, id = '') =>
      (await send(notes, token, { 'mcp-session-id': id })).status;

    expect(await status(mine.accessToken, mine.sessionId)).toBe(200);
    expect(await status(others.accessToken, mine.sessionId)).toBe(404);
    expect(await status(mine.accessToken, '0b5f8a1c-6f3e-4d5a-9f55-1c2d3e4f5a6b')).toBe(404);
  });

  test('a caller with too many sessions loses the one that was idle for the longest time', async () => {
    const [, client] = SDKS[1];
    const others = await use(client, notes, signer(), [['list']]);
    const { accessToken, sessionId: first = '' } = await use(client, notes, robot(), [['list']]);
    const status = async (id = '', token = accessToken) =>
      (await send(notes, token, { 'mcp-session-id': id })).status;
    const initialize = async () =>
      (await send(notes, accessToken, {}, INITIALIZE)).headers.get('mcp-session-id') ?? '';
    const [second = '', ...later] = [await initialize(), await initialize()];
    await status(first);
    for (let opened = later.length + 2; opened < 11; opened += 1) later.push(await initialize());

    expect([await status(second), await status(first), await status(later.at(-1))]).toEqual([404, 200, 200]);
    expect(await status(others.sessionId, others.accessToken)).toBe(200);
  });

  test('the client of the guide calls a tool without warnings', async () => {
    const program = (blocks.get('mcp-service-client') ?? '')
      .replace('https://auth.example.com', issuer)
      .replace('https://mcp.example.com/mcp', notes);
    await writeFile(join(folder, 'service-client.mjs'), program);
    const env = { ...process.env, ROBOT_SECRET: secret };
    const { stdout, stderr } = await run(process.execPath, ['service-client.mjs'], { cwd: folder, env });

    expect(stdout).toContain("type: 'text'");
    expect(stderr).toBe('');
  });

  test('a revoked token is rejected', async () => {
    const { accessToken } = await use(SDKS[2][1], notes, robot(), [['list']]);
    const before = await send(notes, accessToken);
    const revoked = await fetch(`${issuer}/oauth/revoke`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`robot:${secret}`)}` },
      body: new URLSearchParams({ token: accessToken }),
    });

    expect([before.status, revoked.status]).toEqual([400, 200]);
    expect((await send(notes, accessToken)).status).toBe(401);
  });

  test('a token of a deactivated API key is rejected', async () => {
    const { accessToken } = await use(SDKS[2][1], notes, signer(), [['list']]);
    const before = await send(notes, accessToken);
    await appendFile(join(directory, 'signer.yaml'), 'active: false\n');
    let status = before.status;
    while (status === before.status) ({ status } = await send(notes, accessToken));

    expect([before.status, status]).toEqual([400, 401]);
  });
});

test('the server and the client of the guide run with a token of the command line', async () => {
  const port = await findFreePort();
  const shell = (name: string) =>
    run('bash', ['-ec', (blocks.get(name) ?? '').replaceAll(':3000', `:${port}`)], { cwd: folder });
  await shell('mcp-keys');
  await writeFile(join(folder, 'client.mjs'), blocks.get('mcp-client') ?? '');
  const server = startProgram(
    join(folder, 'out/server.js'),
    { AUDIENCE: `http://127.0.0.1:${port}/mcp` },
    { cwd: folder },
  );
  programs.push(server);
  await untilListening(server, port);
  const { stdout } = await shell('mcp-call');

  expect(stdout).toContain("text: 'Added: Hello'");
  expect(stdout).toContain(`text: '["Hello"]'`);
}, 60_000);

test('a server with SDK 1 guards its tools', async () => {
  const key = secretOf(7).toString('hex');
  const resource = `http://127.0.0.1:${await findFreePort()}/mcp`;
  await start('clients/server-sdk-1.js', { JWE_KEY: key, RESOURCE: resource });
  const keyRing = await createKeyRing({ current: { secret: key } });
  const { issue } = createTokenIssuer({ keyRing, issuer: 'https://auth.example.com', audience: resource });
  const { token } = await issue({ subject: 'alice', scope: 'notes:read' });
  const opened = await send(resource, token, {}, INITIALIZE);
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const call = (name: string, input = {}) =>
    send(resource, token, session, { method: 'tools/call', params: { name, arguments: input } });
  const rejected = await call('add_note', { note: 'a' });

  expect((await send(resource, 'a.b.c')).status).toBe(401);
  expect(await (await call('whoami')).text()).toContain('"text":"https://auth.example.com"');
  expect(rejected.status).toBe(403);
  expect(rejected.headers.get('www-authenticate')).toContain('scope="notes:read notes:write"');
});

describe('people with the authorization code of oidc-provider', () => {
  const documents = { url: '', close: () => {} };
  let url: string;

  beforeAll(async () => {
    const { certFile, keyFile } = await authority.issue();
    const [cert, key] = [await readFile(certFile), await readFile(keyFile)];
    const server = createServer({ cert, key }, (_req, res) => {
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ client_id: documents.url, ...CLIENT_METADATA }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    documents.url = `https://localhost:${typeof address === 'object' ? address?.port : ''}/client.json`;
    documents.close = () => server.close();
    const program = await start('clients/serve-people.js', { NODE_EXTRA_CA_CERTS: authority.caFile });
    [url = ''] = /\S+\/mcp(?=\n)/.exec(program.output()) ?? [];
  });

  afterAll(() => documents.close());

  const STEPS = [['list'], ['list_notes'], ['add_note', 'a'], ['list_notes']] as const;

  test.each(SDKS)('%s signs in with a client ID metadata document, and steps up', async (name, client) => {
    const caller: Caller = { kind: 'person', user: name, metadataUrl: documents.url };
    const { results, exchanges, accessToken } = await use(client, url, caller, STEPS);
    const forms = exchanges.flatMap(({ form }) => (form === undefined ? [] : [form]));

    expect(results).toEqual(['connected', LIST, text('[]'), text('Added: a'), text('["a"]')]);
    expect(exchanges.filter(({ status }) => status === 403)).toMatchObject([
      { challenge: expect.stringContaining('scope="notes:read notes:write"') },
    ]);
    expect(exchanges.filter(({ request }) => request === 'POST /reg')).toEqual([]);
    expect(forms).toMatchObject(
      [1, 2].map(() => ({
        client_id: documents.url,
        resource: url,
        redirect_uri: CALLBACK,
        code_verifier: expect.any(String),
      })),
    );
    expect(accessToken.split('.')).toHaveLength(5);
  });

  test.each([SDKS[0], SDKS[2]])(
    '%s signs in after dynamic registration, and steps up',
    async (name, client) => {
      const { results, exchanges } = await use(client, url, { kind: 'person', user: `${name} again` }, STEPS);

      expect(results).toEqual(['connected', LIST, text('[]'), text('Added: a'), text('["a"]')]);
      expect(exchanges.filter(({ request }) => request === 'POST /reg')).toHaveLength(1);
    },
  );
});

test('tokenVerifier() serves requireBearerAuth() of both SDKs', async () => {
  const { stdout } = await run(process.execPath, [join(folder, 'out/clients/bearer-auth.js')]);
  const challenge = expect.stringContaining(
    'resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"',
  );
  const invalid = { status: 401, challenge, body: { error: 'invalid_token' } };

  expect(JSON.parse(stdout)).toMatchObject(
    [1, 2].map(() => ({
      valid: {
        status: 200,
        body: {
          clientId: 'https://auth.example.com',
          scopes: ['notes:read'],
          resource: 'https://mcp.example.com/mcp',
        },
      },
      narrow: { status: 403, body: { error: 'insufficient_scope' } },
      otherResource: invalid,
      bound: invalid,
      outage: {
        status: 500,
        body: {
          error: 'server_error',
          error_description: 'A required service is temporarily unavailable; retry later',
        },
      },
    })),
  );
});
