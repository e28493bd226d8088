import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  createKeyRing,
  createMemoryStores,
  generateKeySet,
  type JsonObject,
  loadApiKeys,
  tokenRouter,
} from 'passport-jwe';
import { parseApiKey } from 'passport-jwe/api-keys';
import request from 'supertest';
import { readFencedBlocks } from '../examples/gateway/drills/fenced-blocks.js';
import { loadFiles } from './support/api-key-files.js';
import { startDpopServer } from './support/dpop-server.js';
import { listen } from './support/http.js';
import { createIssuerAndVerifier } from './support/issuer-and-verifier.js';
import { startJwksServer } from './support/jwks-server.js';
import { forgeLegacyToken, LEGACY_CLAIMS, LEGACY_PASSPHRASE } from './support/legacy-tokens.js';
import { findBrokenLinks, readPages } from './support/pages.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from './support/processes.js';
import { describeWithRedis, startRedis } from './support/redis.js';
import { createParties, forgeNested } from './support/signed-tokens.js';
import { secretOf } from './support/tokens.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));

/** README.md and all pages of docs, by path. */
const pages = await readPages(ROOT);
const readme = pages.get('README.md') ?? '';
const allText = [...pages.values()].join('\n');

/** Code blocks in the order of the pages; the comment above a block names it. */
const namedBlocks = readFencedBlocks(pages).flatMap(({ claim, language, code }) =>
  claim?.kind === 'run' ? [{ name: claim.value, language, code }] : [],
);
const blocks = new Map(namedBlocks.map(({ name, code }) => [name, code]));

/** Code blocks that are files of `examples/`, which tests of their own compare and run. */
const quotedFiles = allText.match(/<!-- file: \S+ -->\n```/g) ?? [];

/** Code blocks that are not run: no programs, or in languages that CI does not have. */
const NOT_RUN = /(text|mermaid|diff|go|java|csharp)$/;

/** The expression by which scanners find generated API keys. */
const [, SCANNER = ''] = /`(\\b[^`]+\\b)`/.exec(allText) ?? [];

/** Programs that need packages of test/clients/ai/. */
const AI_FRAMEWORKS = [
  'ai-vercel',
  'ai-langchain',
  'ai-agents',
  'ai-mastra',
  'ai-llamaindex',
  'ai-instructor',
];

/** Programs that need packages of examples/mcp/. Run by test/consumers/mcp.slow.test.ts. */
const MCP_PROGRAMS = ['mcp-server', 'mcp-client', 'mcp-service-client'];

/** Every code block of the pages, except diffs (test/migrate/). A new block needs a test that runs it. */
const BLOCKS = [
  'start',
  'test',
  'curl',
  'init',
  'quick-start',
  'quick-start-passport',
  'quick-start-api-key',
  'quick-start-issue',
  'first-key',
  'first-guarded-route',
  'first-guarded-route-calls',
  'first-issued-token',
  'first-issued-token-calls',
  'accept',
  'claims',
  'passport',
  'exemptions',
  'trusted-issuers',
  'tenants',
  'issue',
  'revoke',
  // Run by test/docs/operator-programs.test.ts.
  'revoke-token',
  'revoke-curl',
  'limits',
  'reserve-tokens',
  'delegation',
  'token-client',
  'dpop-client',
  'dpop-key',
  'dpop-call',
  'user-tokens',
  'user-sessions',
  'api-key',
  'generate',
  'key-pair',
  'private-key-client',
  'keys',
  'rotation',
  'audit',
  'audit-file',
  'monitor',
  'stores',
  'public-keys',
  'resources',
  'decryption-keys',
  'key-sources',
  'kms-key-source',
  'legacy',
  'api-key-pair',
  'read-shared-node',
  'read-shared-python',
  'read-nested-node',
  'read-nested-python',
  'bound-clients',
  // Loaded by test/examples/gateway-endpoints.test.ts.
  'gateway-models',
  'rejected-tokens',
  'mint-with-settings',
  // Run by test/docs/ai-clients-page.test.ts.
  'ai-gateway',
  'ai-openai',
  'ai-anthropic',
  'ai-claude-code',
  'ai-codex',
  'ai-curl',
  'ai-secret-file',
  // Run by test/clients/ai/.
  ...AI_FRAMEWORKS,
  // Run by test/docs/token-guides.test.ts.
  'issue-key',
  'issue-token',
  'refresh-tokens',
  'refresh-tokens-calls',
  'delegation-keys',
  'delegation-calls',
  'sessions-key',
  'sessions',
  'sessions-calls',
  // Run by test/docs/dpop-page.test.ts.
  'dpop-keys',
  'dpop-server',
  'dpop-stolen-token',
  'dpop-accept',
  'dpop-issue',
  'dpop-calls',
  'dpop-shared',
  'dpop-browser',
  // Run by test/docs/workload-identities-page.test.ts.
  'workload-issuers',
  'workload-key',
  'workload-pod',
  'workload-curl',
  'workload-job',
  // Run by test/docs/mutual-tls-page.test.ts.
  'mutual-tls',
  'mutual-tls-curl',
  'mutual-tls-key',
  'mutual-tls-self-signed',
  'mutual-tls-proxy',
  // Run by test/docs/id-tokens-page.test.ts.
  'id-token-server',
  'id-token-key',
  'id-token-exchange',
  // Run by test/docs/apache-page.slow.test.ts.
  'apache-api-key',
  'apache-mod-oauth2',
  'apache-mod-auth-openidc',
  // Run by test/docs/nginx-page.slow.test.ts.
  'forward-auth',
  'nginx',
  // Run by test/docs/caddy-recipe.slow.test.ts.
  'caddy',
  // Run by test/docs/directory-page.test.ts.
  'ldap-sign-in',
  // Run by test/docs/directory-users-page.slow.test.ts.
  'directory-users',
  'directory-key',
  'directory-curl',
  'directory-check',
  // Run by test/docs/deploy-page.test.ts.
  'deploy-clone',
  'deploy-configure',
  'deploy-environment',
  'deploy-check',
  'deploy-try',
  'deploy-embedded',
  'deploy-api-key-fields',
  'deploy-secrets',
  'deploy-api-key',
  // Run by test/docs/provider-pages.slow.test.ts.
  'auth0',
  'okta',
  'openiddict',
  'operate-nginx',
  'operate-nginx-settings',
  'operate-alb-settings',
  'operate-kubernetes',
  'operate-rotate',
  'oidc-provider',
  'auth-js',
  'quarkus',
  'pingam',
  ...MCP_PROGRAMS,
  // Run by test/consumers/nestjs.slow.test.ts.
  'nestjs-token',
  'nestjs-call',
  // Run by test/consumers/mcp.slow.test.ts.
  'mcp-keys',
  'mcp-call',
];

const programNames = namedBlocks
  .filter(({ language }) => language === 'ts' || language === 'js')
  .map(({ name }) => name)
  .filter((name) => ![...AI_FRAMEWORKS, ...MCP_PROGRAMS].includes(name));

const KEY = secretOf(9).toString('hex');
const SERVICE = { issuer: 'https://auth.example.com', audience: 'https://api.example.com' };

/** Stand-ins for a service that encrypts and for an object that is written conditionally, and what is done with them. */
const KMS_STORY = `
  import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
  const secret = randomBytes(32);
  const iv = Buffer.alloc(16);
  const kms: KeyManagement = {
    encrypt: async (bytes) => createCipheriv('aes-256-ctr', secret, iv).update(bytes),
    decrypt: async (bytes) => createDecipheriv('aes-256-ctr', secret, iv).update(bytes),
  };
  const jwk = { kty: 'oct', key_ops: ['deriveKey'], k: secret.toString('base64url') };
  const [first, second] = [{ keys: [jwk] }, { keys: [jwk, { ...jwk, kid: 'second' }] }];
  let stored = { body: await kms.encrypt(Buffer.from(JSON.stringify(first))), version: '1' };
  const source = kmsKeySource('ring', kms, {
    read: async () => stored,
    write: async (body, ifVersion) => {
      if (ifVersion !== stored.version) return false;
      stored = { body, version: String(Number(ifVersion) + 1) };
      return true;
    },
  });
  const outcomes = [await source.replace?.(first, second), await source.replace?.(first, second)];
  console.log(...outcomes, (await source.load()).keys.length);
`;

/** What a verifier with the settings of tests says of the tokens. */
const REJECTION_STORY = `
  import { createTokenVerifier } from 'passport-jwe';
  import { TEST_AUDIENCE, TEST_ISSUER } from 'passport-jwe/testing';
  const verifier = createTokenVerifier({ keyRing, issuer: TEST_ISSUER, audience: TEST_AUDIENCE });
  for (const [name, token] of Object.entries({ ...rejected, ...forbidden })) {
    const verdict = await verifier.verify(token).then(
      ({ type, scope }) => type + ' ' + JSON.stringify(scope),
      ({ reason }) => reason,
    );
    console.log(name + ': ' + verdict);
  }
`;

/** A session that ends because its refresh token came back. */
const REUSE_STORY = `
  await audit.record({
    type: 'session.ended', reason: 'reused', familyId: 'f1', clientId: 'demo', subject: 'alice', sessionId: 's1',
  });
`;

/** Inside the package, where programs find it by its name as its users do. */
let directory = '';
const programs: RunningProgram[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(ROOT, 'test', '.readme-'));
});

afterAll(async () => {
  for (const program of programs) program.process.kill('SIGKILL');
  await Promise.all(programs.map((program) => program.ended));
  await rm(directory, { recursive: true });
});

/**
 * @param adapt puts the servers of the test in the place of those in the text.
 * @param cwd working directory of the program, by default the directory that all programs share.
 */
async function startBlock(
  name: string,
  environment: Record<string, string> = {},
  adapt = (code: string) => code,
  cwd = directory,
): Promise<RunningProgram> {
  const file = join(directory, `${name}.mts`);
  await writeFile(file, adapt(blocks.get(name) ?? ''));
  const program = startProgram(file, { JWE_KEY: KEY, ...environment }, { cwd });
  programs.push(program);
  return program;
}

async function startServer(
  name: string,
  environment: Record<string, string> = {},
  cwd = directory,
): Promise<string> {
  const port = await findFreePort();
  const program = await startBlock(name, { ...environment, PORT: String(port) }, undefined, cwd);
  await untilListening(program, port);
  return `http://127.0.0.1:${port}`;
}

/** Runs commands as pasted into a shell of a folder, with the command line of this checkout and no registry. */
async function paste(commands: string, cwd: string): Promise<string> {
  const commandLine = join(ROOT, 'dist', 'cli', 'main.js');
  const standIns = `npm() { :; }; npx() { shift; '${process.execPath}' '${commandLine}' "$@"; }`;
  const script = `${standIns}\n${commands}`;
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd });
  return stdout;
}

async function mint(scope: string, claims: JsonObject = {}): Promise<string> {
  const keyRing = await createKeyRing({ current: { secret: KEY } });
  const { token } = await createIssuerAndVerifier({ keyRing, ...SERVICE }).issue({
    type: 'service',
    subject: 'alice',
    clientId: 'demo',
    audience: SERVICE.audience,
    scope: [scope],
    lifetime: 60,
    claims,
  });
  return token;
}

function getDocuments(origin: string, token?: string) {
  return fetch(`${origin}/documents`, {
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
}

describe('the README and the pages of docs', () => {
  test('have no code that these tests do not run', () => {
    const fences = allText
      .match(/(?<!<!-- not run: .*\n)^ *```\w+$/gm)
      ?.filter((fence) => !NOT_RUN.test(fence));
    const names = namedBlocks.map(({ name }) => name);

    expect(names.toSorted()).toEqual(BLOCKS.toSorted());
    expect(fences).toHaveLength(blocks.size + quotedFiles.length);
  });

  test.each(['start', 'test'])('names the script %s, which is there', (name) => {
    expect(blocks.get(name)).toBe(`npm ci && npm ${name}\n`);
    expect(scripts).toHaveProperty(name);
  });

  test('name no npm script that does not exist', () => {
    const names = [...allText.matchAll(/npm run ([a-z][\w:-]*)/g)].map(([, name = '']) => name);

    const ofNestTemplate = ['start:dev', 'test:e2e'];
    const known = [...Object.keys(scripts), ...ofNestTemplate];

    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    expect(names).toContain('tour');
  });

  test('have no broken links', async () => {
    const names = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];
    const texts = await Promise.all(names.map((name) => readFile(join(ROOT, name), 'utf8')));
    const others = names.map((name, index) => [name, texts[index] ?? ''] as const);

    expect(await findBrokenLinks(ROOT, new Map([...pages, ...others]))).toEqual([]);
  });

  test('are all listed in docs/README.md', () => {
    const index = pages.get('docs/README.md') ?? '';
    const listed = [...pages.keys()].filter((path) => /^docs\/(?!README|decisions\/)/.test(path));

    expect(listed.filter((path) => !index.includes(`](${path.slice('docs/'.length)})`))).toEqual([]);
  });

  test('begin with a README of at most 1000 words beside code and tables', () => {
    const prose = readme.replaceAll(/<!--[\s\S]*?-->|^```[\s\S]*?^```$|^\|.*$/gm, '');

    expect(prose.split(/\s+/).length).toBeLessThanOrEqual(1000);
  });

  test('show an empty folder that becomes a working configuration', async () => {
    const folder = await mkdtemp(join(directory, 'init-'));
    const printed = await paste(blocks.get('init') ?? '', folder);

    expect(printed).toContain('node server.mjs');
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining(['api-keys', 'demo-api-key', 'keys.json', 'server.mjs']),
    );
  });

  test('lead from an empty folder to a guarded route and an issued token', async () => {
    const folder = await mkdtemp(join(directory, 'first-'));
    const port = String(await findFreePort());
    const blockOf = (name: string) => (blocks.get(name) ?? '').replaceAll('3000', port);
    const serve = async (name: string, calls: string) => {
      await writeFile(join(folder, 'server.mjs'), blockOf(name));
      const server = startProgram(join(folder, 'server.mjs'), {}, { cwd: folder });
      programs.push(server);
      await untilListening(server, Number(port));
      const printed = await paste(blockOf(calls), folder);
      server.process.kill();
      await server.ended;
      return printed;
    };
    await paste(blockOf('first-key'), folder);
    const guarded = await serve('first-guarded-route', 'first-guarded-route-calls');
    const issued = await serve('first-issued-token', 'first-issued-token-calls');

    expect(guarded.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['401', '200', '403']);
    expect(guarded).toContain('WWW-Authenticate: Bearer realm="api"');
    expect(guarded).toContain('error="insufficient_scope"');
    expect(guarded).toContain('"typ": "at+jwt"');
    expect(guarded).toContain('"sub": "demo"');
    expect(issued).toContain('"token_type":"Bearer"');
    expect(issued.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '400', '401', '200', '401']);
    expect(issued).toMatch(/"invalid_scope"[\s\S]+"invalid_client"[\s\S]+error="invalid_token"/);
  });

  test.each(['accept', 'passport', 'quick-start', 'quick-start-passport'])(
    'guards a route: %s',
    async (name) => {
      const origin = await startServer(name);
      const anonymous = await getDocuments(origin);
      const forbidden = await getDocuments(origin, await mint('write:documents'));
      const allowed = await getDocuments(origin, await mint('read:documents'));

      expect(anonymous.status).toBe(401);
      expect(anonymous.headers.get('www-authenticate')).toBe('Bearer realm="api"');
      expect(forbidden.status).toBe(403);
      expect(await forbidden.json()).toMatchObject({ error: 'insufficient_scope' });
      expect(allowed.status).toBe(200);
      expect(await allowed.text()).toContain('alice');
    },
  );

  test('exempts a route, and deletes the cookie of a rejected token', async () => {
    const origin = await startServer('exemptions');
    const headers = { Cookie: 'token=stale' };
    const stale = await fetch(`${origin}/documents`, { headers });
    const token = await mint('read:documents');
    const preferred = await fetch(`${origin}/documents`, {
      headers: { ...headers, Authorization: `Bearer ${token}` },
    });

    expect((await fetch(`${origin}/health`)).status).toBe(200);
    expect(stale.status).toBe(401);
    expect(stale.headers.get('set-cookie')).toContain('token=;');
    expect(await preferred.json()).toMatchObject({ for: 'alice' });
  });

  test('guards a route by all claims', async () => {
    const origin = await startServer('claims');
    const statusOf = async (claims: JsonObject) => {
      const headers = { Authorization: `Bearer ${await mint('read:reports', claims)}` };
      return (await fetch(`${origin}/tenants/acme/reports`, { headers })).status;
    };

    expect(await statusOf({ tenant: 'acme', plan: 'pro' })).toBe(200);
    expect(await statusOf({ tenant: 'acme', plan: 'free' })).toBe(403);
    expect(await statusOf({ tenant: 'other', plan: 'pro' })).toBe(403);
    expect(await statusOf({ tenant: 'acme' })).toBe(401);
  });

  test('accepts tokens of a trusted issuer', async () => {
    const parties = await createParties();
    const partner = await startJwksServer([parties.signer.publicJwk]);
    await writeFile(join(directory, 'api.jwk'), JSON.stringify(parties.recipient.privateJwk), {
      mode: 0o600,
    });
    const port = await findFreePort();
    const program = await startBlock('trusted-issuers', { PORT: String(port) }, (code) =>
      code.replace('https://partner.example.com/jwks', partner.url),
    );
    await untilListening(program, port);
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, nbf: now, exp: now + 60 };
    const token = await forgeNested(parties, {
      claims: { ...times, iss: 'https://partner.example.com', scope: 'documents.read' },
    });
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await fetch(`http://127.0.0.1:${port}/partner`, { headers });
    await partner.stop();

    expect(answer.status).toBe(200);
  });

  test('accepts tokens of many tenants', async () => {
    const parties = await createParties();
    const keys = await startJwksServer([parties.signer.publicJwk]);
    await writeFile(join(directory, 'api.jwk'), JSON.stringify(parties.recipient.privateJwk), {
      mode: 0o600,
    });
    const port = await findFreePort();
    const program = await startBlock('tenants', { PORT: String(port) }, (code) =>
      code
        .replace('discoverJwks({ issuer })', `remoteJwks({ url: '${keys.url}' })`)
        .replace('discoverJwks,', 'remoteJwks,'),
    );
    await untilListening(program, port);
    const now = Math.floor(Date.now() / 1000);
    const statusOf = async (tenant: string) => {
      const iss = `https://login.example.com/${tenant}`;
      const token = await forgeNested(parties, { claims: { iat: now, nbf: now, exp: now + 60, iss } });
      const headers = { Authorization: `Bearer ${token}` };
      return (await fetch(`http://127.0.0.1:${port}/documents`, { headers })).status;
    };
    const statuses = [await statusOf('acme'), await statusOf('globex'), await statusOf('other')];
    await keys.stop();

    expect(statuses).toEqual([200, 200, 401]);
  });

  test('has programs that satisfy the compiler', async () => {
    const files = programNames.map((name) => join(directory, `${name}-types.mts`));
    await Promise.all(
      programNames.map((name, index) => writeFile(files[index] ?? '', blocks.get(name) ?? '')),
    );
    // The programs for AI clients import this module.
    await writeFile(join(directory, 'gateway.mts'), blocks.get('ai-gateway') ?? '');
    const flags = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
    ];
    const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
    const { stdout } = await promisify(execFile)(compiler, [...flags, ...files]).catch((error) => error);

    expect(stdout).toBe('');
  });

  test('issues tokens for the API keys of a directory', async () => {
    await mkdir(join(directory, 'api-keys'));
    await writeFile(join(directory, 'api-keys', 'enterprise.yaml'), blocks.get('api-key') ?? '');
    const environment = { ENTERPRISE_API_KEY: 'sk-readme-0123456789', OPENAI_API_KEY: 'sk-openai' };
    const origin = await startServer('issue', environment);
    const answer = await fetch(`${origin}/oauth/token`, {
      method: 'POST',
      headers: { 'X-API-Key': environment.ENTERPRISE_API_KEY },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });

    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ expires_in: 300, scope: 'read:documents execute:models' });
  });

  test('issues tokens for the API key of the README', async () => {
    const folder = await mkdtemp(join(directory, 'quick-start-'));
    await mkdir(join(folder, 'api-keys'));
    await writeFile(join(folder, 'api-keys', 'mobile-app.yaml'), blocks.get('quick-start-api-key') ?? '');
    const environment = { MOBILE_APP_API_KEY: 'sk-readme-0123456789' };
    const origin = await startServer('quick-start-issue', environment, folder);
    const answer = await fetch(`${origin}/oauth/token`, {
      method: 'POST',
      headers: { 'X-API-Key': environment.MOBILE_APP_API_KEY },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });

    expect(await answer.json()).toMatchObject({ expires_in: 600, scope: 'read:documents' });
  });

  test('shows an API-key file that loads', async () => {
    const environment = { ENTERPRISE_API_KEY: 'sk-readme-0123456789', OPENAI_API_KEY: 'sk-openai' };
    const registry = await loadFiles({ 'enterprise.yaml': blocks.get('api-key') ?? '' }, environment);

    expect(registry.get('enterprise-key')).toMatchObject({
      type: 'tiered_model_exec',
      metadata: { tier: 'enterprise' },
    });
  });

  test('counts requests against the limits of their key', async () => {
    const origin = await startServer('limits', {
      ENTERPRISE_API_KEY: 'sk-readme-0123456789',
      OPENAI_API_KEY: 'x',
    });
    const answer = await getDocuments(origin, await mint('read:documents'));

    expect(answer.headers.get('ratelimit')).toContain('"requests_per_minute";r=59');
  });

  test('reserves model tokens after the body is read', async () => {
    const origin = await startServer('reserve-tokens');
    const token = await mint('execute:models');
    const chat = (prompt: string) =>
      fetch(`${origin}/chat`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ prompt }),
      });
    const answer = await chat('a'.repeat(3987));

    expect(answer.headers.get('ratelimit')).toContain('"tokens_per_minute";r=8000');
    expect((await chat('a'.repeat(36_000))).status).toBe(429);
  });

  test('shows which tokens an API key may exchange', async () => {
    const key = 'type: api_call\nrate_limits: {}\n';
    const registry = await loadFiles({
      'exchanger.yaml': `api_key: k1\nname: Exchanger\n${key}${blocks.get('delegation')}`,
      'mobile-app.yaml': `api_key: k2\nname: Mobile app\n${key}`,
      'support-desk.yaml': `api_key: k3\nname: Support desk\n${key}`,
    });

    expect(registry.get('exchanger')?.delegation).toEqual({
      subjects: ['mobile-app'],
      audiences: ['https://reports.example.com'],
      actors: ['support-desk'],
    });
  });

  test('calls a service with a token of its own', async () => {
    const service = createServer((req, res) => {
      if (req.method === 'POST') res.end('{"access_token":"token-1","token_type":"Bearer","expires_in":300}');
      else res.end(req.headers.authorization);
    });
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const address = service.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    const program = await startBlock('token-client', { BILLING_API_KEY: 'sk-billing' }, (code) =>
      code
        .replace('https://auth.example.com/', `${origin}/`)
        .replace('https://reports.internal/', `${origin}/`),
    );
    expect(await program.ended).toBe(0);
    service.close();

    expect(program.output()).toBe('Bearer token-1\n');
  });

  test('binds the token of a service to a key', async () => {
    const server = await startDpopServer(() => Date.now() / 1000);
    const program = await startBlock('dpop-client', { BILLING_API_KEY: 'sk-billing' }, (code) =>
      code
        .replace('https://auth.example.com/oauth/', `${server.origin}/`)
        .replace('https://reports.internal/', `${server.origin}/`),
    );
    expect(await program.ended).toBe(0);
    await server.stop();

    expect(program.output()).toBe('{"path":"/figures","body":""}\n');
  });

  test('creates a DPoP key, and calls an API with a bound token', async () => {
    const folder = await mkdtemp(join(directory, 'dpop-key-'));
    await writeFile(join(folder, 'api-key.txt'), 'sk-billing', { mode: 0o600 });
    const server = await startDpopServer(() => Date.now() / 1000);
    const commands = (blocks.get('dpop-call') ?? '')
      .replace('https://auth.example.com/oauth/', `${server.origin}/`)
      .replace('https://reports.internal/', `${server.origin}/`);
    const created = await paste(blocks.get('dpop-key') ?? '', folder);
    const called = await paste(commands, folder);
    await server.stop();

    expect(created).toContain('Wrote dpop.jwk');
    expect(called).toBe('{"path":"/figures","body":""}\n');
  });

  test('connects official clients to the gateway with bound tokens', async () => {
    const port = await findFreePort();
    const settings = {
      ...{ PORT: String(port), DATA_DIR: join(directory, 'gateway') },
      ...{ DEMO_API_KEY: KEY, DPOP: 'require' },
    };
    const gateway = startProgram('examples/gateway/main.ts', settings);
    programs.push(gateway);
    await untilListening(gateway, port);
    const program = await startBlock('bound-clients', { DEMO_API_KEY: KEY }, (code) =>
      code.replace(':3000', `:${port}`),
    );

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('echo-1\necho-1\n');
  });

  test('rotates the keys of a file', async () => {
    await writeFile(join(directory, 'keys.json'), JSON.stringify(generateKeySet()), { mode: 0o600 });
    const program = await startBlock('rotation');

    expect(await program.ended).toBe(0);
    expect(program.output()).toMatch(/^\[ '[\w-]+ current' \]\n$/);
  });

  test('generates an API key', async () => {
    const program = await startBlock('generate');
    expect(await program.ended).toBe(0);

    expect(parseApiKey(program.output().trim())).toMatchObject({ kind: 'ok', prefix: 'acme' });
    expect(program.output().match(new RegExp(SCANNER))?.[0]).toBe(program.output().trim());
  });

  test('lead from a key pair to a token without a secret', async () => {
    const folder = await mkdtemp(join(directory, 'private-key-'));
    await paste(blocks.get('key-pair') ?? '', folder);
    const apiKeys = await loadApiKeys({ directory: join(folder, 'api-keys') });
    const { counters } = createMemoryStores();
    const keyRing = await createKeyRing({ current: { secret: secretOf(9) } });
    const tokens = tokenRouter({ ...SERVICE, keyRing, apiKeys, stores: { counters } });
    const server = createServer(express().use('/oauth', tokens));
    const origin = `http://127.0.0.1:${await listen(server)}`;
    const program = await startBlock(
      'private-key-client',
      {},
      (code) => code.replace('https://auth.example.com/oauth', `${origin}/oauth`),
      folder,
    );
    expect(await program.ended).toBe(0);
    server.close();

    expect(program.output()).toMatch(/^ey[\w-]+(\.[\w-]*){4}\n$/);
  });

  test('hands a resource server the keys of its audience', async () => {
    const program = await startBlock('keys');

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('service true\n');
  });

  test('generates a key pair for an API, and prints the public key', async () => {
    const folder = await mkdtemp(join(directory, 'key-pair-'));
    const program = await startBlock('api-key-pair', {}, undefined, folder);
    expect(await program.ended).toBe(0);
    const keyRing = await createKeyRing({ current: { file: join(folder, 'api.jwk') } });

    expect(keyRing.exportPublicKeys().keys).toMatchObject([{ kid: 'api-1', alg: 'RSA-OAEP-256' }]);
    expect(program.output()).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  });

  test('reads tokens of another stack until a day in the future', async () => {
    const origin = await startServer('legacy', { OLD_PASSPHRASE: LEGACY_PASSPHRASE });
    const now = Math.floor(Date.now() / 1000);
    const old = forgeLegacyToken({ ...LEGACY_CLAIMS.models, iat: now, nbf: now, exp: now + 60 });
    const answers = await Promise.all(
      [old, await mint('read:documents')].map((token) => getDocuments(origin, token)),
    );

    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([
      { documents: [], for: 'enterprise-customer-api-key', isLegacy: true },
      { documents: [], for: 'demo', isLegacy: false },
    ]);
  });

  test('mints tokens that an application must reject', async () => {
    const program = await startBlock('rejected-tokens', {}, (code) => `${code}\n${REJECTION_STORY}`);

    expect(await program.ended).toBe(0);
    expect(program.output().replace('unknown_key', 'wrong_audience').split('\n')).toEqual([
      ...['expired: expired', 'not_yet_valid: not_yet_valid', 'wrong_issuer: wrong_issuer'],
      ...['wrong_audience: wrong_audience', 'withoutScope: user []', 'forAService: service []', ''],
    ]);
  });

  test('mints a token for the key ring of an application', async () => {
    const program = await startBlock('mint-with-settings');
    expect(await program.ended).toBe(0);
    const origin = await startServer('accept');

    expect((await getDocuments(origin, program.output().trim())).status).toBe(200);
  });

  test('revokes a subject', async () => {
    const program = await startBlock('revoke');

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('');
  });

  test('issues a token for a user, with claims that the API checks', async () => {
    const port = await findFreePort();
    const program = await startBlock('user-tokens', { PORT: String(port) });
    await untilListening(program, port);
    const origin = `http://127.0.0.1:${port}`;
    const answer = await getDocuments(origin, program.output().trim());

    expect(await answer.json()).toEqual({ documents: [], for: 'alice', tenant: 'acme' });
    expect((await getDocuments(origin, await mint('read:documents'))).status).toBe(401);
  });

  test('keeps users signed in until they log out', async () => {
    const origin = await startServer('user-sessions');
    const post = (path: string, body: object = {}) => request(origin).post(path).send(body);
    const bearer = (token: unknown) => ({ Authorization: `Bearer ${token}` });
    const list = (token: unknown) => request(origin).get('/sessions').set(bearer(token));
    const [{ body: one }, { body: two }] = [await post('/sign-in'), await post('/sign-in')];
    const { body: refreshed } = await post('/refresh', { refreshToken: one.refreshToken });

    expect((await list(refreshed.accessToken)).body.sessions).toHaveLength(2);
    await post('/logout', { refreshToken: refreshed.refreshToken }).expect(204);
    await list(refreshed.accessToken).expect(401);
    await post('/logout-everywhere').set(bearer(two.accessToken)).expect(204);
    await post('/refresh', { refreshToken: two.refreshToken }).expect(400);
  });

  test('revokes a session on the store of one machine', async () => {
    const program = await startBlock('stores');

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('true\n');
  });

  test('names key sources', async () => {
    const program = await startBlock('key-sources');

    expect(await program.ended).toBe(0);
    expect(program.output().split('\n')).toEqual([
      '/var/lib/tokens/ring.json',
      '/etc/token-keys',
      'Vault at vault.internal:8200: secret/apps/tokens',
      'Vault at vault.internal:8200: secret/apps/tokens',
      '',
    ]);
  });

  test('keeps a key ring encrypted under the key of a service', async () => {
    const program = await startBlock('kms-key-source', {}, (code) => `${code}\n${KMS_STORY}`);

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('true false 2\n');
  });

  test('encrypts to the public key of an API, and signs', async () => {
    const program = await startBlock('public-keys');

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('true\n');
  });

  test('describes several resources, to which the challenges lead', async () => {
    const origin = await startServer('resources');
    const described = await Promise.all(
      ['/reports', '/files'].map(async (path) => {
        const challenge = (await fetch(origin + path)).headers.get('WWW-Authenticate') ?? '';
        const [, url = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? [];
        return (await fetch(origin + new URL(url).pathname)).json();
      }),
    );

    expect(described).toMatchObject([
      { resource: `${SERVICE.audience}/reports`, scopes_supported: ['read:reports'] },
      { resource: `${SERVICE.audience}/files`, resource_name: 'Files' },
    ]);
  });

  test('reads an encrypted private key, and publishes its public half', async () => {
    const program = await startBlock('decryption-keys');

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('1\n');
  });

  test('puts events on record through pino', async () => {
    const program = await startBlock('audit');

    expect(await program.ended).toBe(0);
    expect(JSON.parse(program.output())).toMatchObject({
      msg: 'key_ring.created',
      audit: { type: 'key_ring.created' },
    });
  });

  test('tells of suspicious use, and revokes the session', async () => {
    const program = await startBlock('monitor', {}, (code) => `${code}\n${REUSE_STORY}`);
    expect(await program.ended).toBe(0);

    const lines = program
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg)).toEqual([
      'session.ended',
      'refresh_token_reused',
      'revocation.added',
    ]);
  });

  test('has curl lines that work when pasted while the gateway runs', async () => {
    const data = join(directory, 'data');
    const port = await findFreePort();
    const gateway = startProgram('examples/gateway/main.ts', { PORT: String(port), DATA_DIR: data });
    programs.push(gateway);
    await untilListening(gateway, port);
    const revocation = `KEY_ID=demo\n${blocks.get('revoke-curl')}`;
    const script = `${blocks.get('curl')}\n${revocation}`
      .replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`)
      .replaceAll('examples/gateway/.data', data);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script]);

    expect(stdout).toContain('"token_type":"Bearer"');
    expect(stdout).toContain('"title":"Welcome"');
    expect(stdout).toContain('"content":"Hello"');
    expect(stdout.match(/HTTP\/1.1 401 Unauthorized/g)).toHaveLength(2);
    expect(stdout).toContain('error="invalid_token"');
  });
});

describeWithRedis('the page about stores', () => {
  test('revokes a session through Redis', async () => {
    const redis = await startRedis();
    try {
      const program = await startBlock('stores', { REDIS_URL: redis.url });

      expect(await program.ended).toBe(0);
      expect(program.output()).toBe('true\n');
    } finally {
      await redis.dispose();
    }
  });
});
