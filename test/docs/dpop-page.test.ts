import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRing, createTokenIssuer } from 'passport-jwe';
import { systemClock } from '../../src/base/clock.js';
import { createProof, createProofSigner, type ProofOptions } from '../support/dpop-proofs.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { describeWithRedis, withRedis } from '../support/redis.js';
import { AUDIENCE, ISSUER, secretOf } from '../support/tokens.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND_LINE = join(ROOT, 'dist', 'cli', 'main.js');
const KEY = secretOf(9).toString('hex');
const URL_OF_API = `${AUDIENCE}/documents`;

const blocks = await readPageBlocks(new URL('../../docs/guides/dpop.md', import.meta.url));
const signer = createProofSigner();

/** Inside the package, where programs find it by its name as its users do. */
let directory = '';
let bound = '';
let unbound = '';
const programs: RunningProgram[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(ROOT, 'test', '.readme-dpop-'));
  const issuer = createTokenIssuer({
    keyRing: await createKeyRing({ current: { secret: KEY } }),
    issuer: ISSUER,
  });
  const user = { subject: 'alice', audience: AUDIENCE, scope: 'read:documents' };
  [bound, unbound] = [
    (await issuer.issue({ ...user, confirmation: { jkt: signer.jkt } })).token,
    (await issuer.issue(user)).token,
  ];
});

afterAll(async () => {
  for (const program of programs) program.process.kill('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true });
});

const blockOf = (name: string): string => blocks.get(name) ?? `throw new Error('no block ${name}')`;

async function startServer(name: string, environment: Record<string, string> = {}): Promise<string> {
  const port = await findFreePort();
  const file = join(directory, `${name}.mts`);
  await writeFile(file, blockOf(name));
  const settings = { JWE_KEY: KEY, PORT: String(port), ...environment };
  const program = startProgram(file, settings, { cwd: directory });
  programs.push(program);
  await untilListening(program, port);
  return `http://127.0.0.1:${port}`;
}

function prove({ claims, ...options }: ProofOptions = {}): string {
  return createProof(signer, {
    ...{ url: URL_OF_API, token: bound },
    ...options,
    claims: { iat: Math.floor(systemClock()), ...claims },
  });
}

function call(origin: string, scheme: string, token: string, proof?: string): Promise<Response> {
  const headers = { Authorization: `${scheme} ${token}`, ...(proof === undefined ? {} : { DPoP: proof }) };
  return fetch(`${origin}/documents`, { headers });
}

/** Runs commands as pasted into a shell of the directory, with the command line of this checkout. */
async function paste(commands: string): Promise<string> {
  const standIns = `npm() { :; }; npx() { shift; '${process.execPath}' '${COMMAND_LINE}' "$@"; }`;
  const script = `${standIns}\n${commands}`;
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: directory,
  });
  return stdout;
}

describe('docs/guides/dpop.md', () => {
  test('leads from an empty folder to a stolen token that is rejected', async () => {
    const port = await findFreePort();
    const run = async (name: string) => {
      const file = join(directory, `${name}.mjs`);
      await writeFile(file, blockOf(name).replaceAll('3000', String(port)));
      const program = startProgram(file, {}, { cwd: directory });
      programs.push(program);
      return program;
    };
    await paste(blockOf('dpop-keys'));
    await untilListening(await run('dpop-server'), port);
    const client = await run('dpop-stolen-token');

    expect(await client.ended).toBe(0);
    const [accepted, rejected] = client.output().split('\n');
    expect(accepted).toBe('200 {"documents":[],"for":"demo"}');
    expect(rejected).toMatch(/^401 Bearer .*error="invalid_token".*DPoP .*algs="ES256 /);
    expect(await paste(blockOf('dpop-calls').replaceAll('3000', String(port)))).toContain('"for":"demo"');
  });

  test('accepts the tokens and requests of the table for mode allow', async () => {
    const origin = await startServer('dpop-accept');
    const other = createProofSigner();
    const proofOfOther = createProof(other, {
      ...{ url: URL_OF_API, token: bound, claims: { iat: Math.floor(systemClock()) } },
    });
    const answers = {
      'unbound under Bearer': await call(origin, 'Bearer', unbound),
      'bound with proof': await call(origin, 'DPoP', bound, prove()),
      'bound without proof': await call(origin, 'DPoP', bound),
      'bound with a proof of another key': await call(origin, 'DPoP', bound, proofOfOther),
      'bound under Bearer': await call(origin, 'Bearer', bound),
      'unbound under DPoP': await call(origin, 'DPoP', unbound, prove({ token: unbound })),
    };
    const results = Object.entries(answers).map(([name, { status, headers }]) => {
      const [, error] = /error="(\w+)"/.exec(headers.get('WWW-Authenticate') ?? '') ?? [];
      return [name, error === undefined ? status : `${status} ${error}`];
    });

    expect(Object.fromEntries(results)).toEqual({
      'unbound under Bearer': 200,
      'bound with proof': 200,
      'bound without proof': '401 invalid_dpop_proof',
      'bound with a proof of another key': '401 invalid_token',
      'bound under Bearer': '401 invalid_token',
      'unbound under DPoP': '401 invalid_token',
    });
  });

  test('calls an API from a browser, with the nonce that the API requires', async () => {
    const code = `${blockOf('dpop-browser')}
      const requests = [];
      globalThis.fetch = async (url, { method, headers }) => {
        const { nonce, htu } = JSON.parse(Buffer.from(headers.get('DPoP').split('.')[1], 'base64url'));
        requests.push({ method, htu, nonce });
        const challenge = { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"', 'DPoP-Nonce': 'n1' };
        return nonce === undefined ? new Response('', { status: 401, headers: challenge }) : new Response('ok');
      };
      const response = await callApi('${URL_OF_API}?q=1', 'token', { method: 'POST' });
      console.log(JSON.stringify({ body: await response.text(), requests, extractable: keyPair.privateKey.extractable }));`;
    const file = join(directory, 'dpop-browser.mts');
    await writeFile(file, code);
    const program = startProgram(file, {}, { cwd: directory });

    expect(await program.ended).toBe(0);
    expect(JSON.parse(program.output())).toEqual({
      body: 'ok',
      extractable: false,
      requests: [
        { method: 'POST', htu: URL_OF_API },
        { method: 'POST', htu: URL_OF_API, nonce: 'n1' },
      ],
    });
  });
});

describeWithRedis('docs/guides/dpop.md with Redis', () => {
  test('accepts a proof in one of two processes', async () => {
    await withRedis(async (redis) => {
      const environment = { REDIS_URL: redis.url };
      const [one, two] = await Promise.all([
        startServer('dpop-shared', environment),
        startServer('dpop-shared', environment),
      ]);
      const nonce = (await call(one, 'DPoP', bound, prove())).headers.get('DPoP-Nonce');
      const proof = prove({ claims: { nonce } });
      const first = await call(one, 'DPoP', bound, proof);
      const second = await call(two, 'DPoP', bound, proof);
      const bearer = await call(one, 'Bearer', unbound);

      expect([first.status, second.status, bearer.status]).toEqual([200, 401, 401]);
      expect(second.headers.get('WWW-Authenticate')).toContain('it was used before');
    });
  });

  test('issues a token that is bound to the key of the proof, with the nonce of the first response', async () => {
    await withRedis(async (redis) => {
      const apiKeys = join(directory, 'api-keys-of-issuer');
      await mkdir(apiKeys);
      await writeFile(join(apiKeys, 'demo.yaml'), API_KEY_FILE);
      const origin = await startServer('dpop-issue', { REDIS_URL: redis.url, API_KEYS: apiKeys });
      const obtain = async (nonce?: string | null) => {
        const claims = { iat: Math.floor(systemClock()), ...(nonce && { nonce }) };
        const proof = createProof(signer, { method: 'POST', url: `${ISSUER}/oauth/token`, claims });
        const body = new URLSearchParams({ grant_type: 'client_credentials' });
        const headers = { DPoP: proof, 'X-API-Key': 'sk-demo' };
        return fetch(`${origin}/oauth/token`, { method: 'POST', headers, body });
      };
      const first = await obtain();
      const second = await obtain(first.headers.get('DPoP-Nonce'));
      const metadata = await fetch(`${origin}/.well-known/oauth-authorization-server`);

      expect([first.status, await first.json()]).toMatchObject([400, { error: 'use_dpop_nonce' }]);
      expect([second.status, await second.json()]).toMatchObject([200, { token_type: 'DPoP' }]);
      expect(await metadata.json()).toHaveProperty('dpop_signing_alg_values_supported');
    });
  });
});

const API_KEY_FILE =
  'api_key: sk-demo\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\npermissions: [read]\n';
