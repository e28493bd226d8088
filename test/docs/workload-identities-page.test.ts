import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { startJwksServer } from '../support/jwks-server.js';
import { generateSigner, type JwkPair } from '../support/key-pairs.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { signText } from '../support/signed-tokens.js';
import { secretOf } from '../support/tokens.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ISSUER = 'https://auth.example.com';
const GITHUB = 'https://token.actions.githubusercontent.com';
const TOKEN_FILE = '/var/run/secrets/auth/token';

const blocks = await readPageBlocks(new URL('../../docs/guides/workload-identities.md', import.meta.url));

/** Inside the package, where programs find it by its name as its users do. */
let directory = '';
const programs: RunningProgram[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(ROOT, 'test', '.readme-workloads-'));
  await mkdir(join(directory, 'api-keys'));
  await writeFile(join(directory, 'api-keys', 'billing.yaml'), blocks.get('workload-key') ?? '');
});

afterAll(async () => {
  for (const program of programs) program.process.kill('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true });
});

/** Starts the server of the page, with a JWK Set of the test instead of the one of GitHub. */
async function startServer(jwks: string): Promise<string> {
  const file = join(directory, 'workload-issuers.mts');
  const code = String(blocks.get('workload-issuers'))
    .replace('discoverJwks({ issuer: github })', `remoteJwks({ url: '${jwks}' })`)
    .replace('discoverJwks, ', 'discoverJwks, remoteJwks, ');
  await writeFile(file, code);
  const port = await findFreePort();
  const environment = { JWE_KEY: secretOf(9).toString('hex'), PORT: String(port) };
  const program = startProgram(file, environment, { cwd: directory });
  programs.push(program);
  await untilListening(program, port);
  return `http://127.0.0.1:${port}`;
}

function signJob({ privateJwk }: JwkPair, changes: object = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: GITHUB,
    sub: 'repo:acme/billing:environment:production',
    aud: ISSUER,
    repository_id: '123456',
    iat: now,
    exp: now + 300,
    ...changes,
  };
  return signText(
    JSON.stringify({ alg: 'RS256', kid: privateJwk['kid'], typ: 'JWT' }),
    JSON.stringify(claims),
    privateJwk,
  );
}

test('a workload obtains a token with the commands of the page', async () => {
  const signer = generateSigner('RS256', { kid: 'github' });
  const jwks = await startJwksServer([signer.publicJwk]);
  const origin = await startServer(jwks.url);
  const tokenFile = join(directory, 'token');
  const command = String(blocks.get('workload-curl')).replace(ISSUER, origin).replace(TOKEN_FILE, tokenFile);
  const run = async (token: string): Promise<unknown> => {
    await writeFile(tokenFile, token);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command]);
    return JSON.parse(stdout);
  };
  const answers = [await run(signJob(signer)), await run(signJob(signer, { repository_id: '1' }))];
  await jwks.stop();

  expect(answers).toEqual([
    expect.objectContaining({ token_type: 'Bearer', scope: 'read write' }),
    expect.objectContaining({ error: 'invalid_grant' }),
  ]);
});

test('the pod mounts a token for the issuer, where the command reads it', () => {
  const pod = JSON.stringify(load(String(blocks.get('workload-pod'))));

  expect(pod).toContain(`"serviceAccountToken":{"path":"token","audience":"${ISSUER}","expirationSeconds"`);
  expect(pod).toContain(`"mountPath":"${TOKEN_FILE.replace('/token', '')}"`);
  expect(blocks.get('workload-curl')).toContain(`assertion@${TOKEN_FILE}`);
});

test('the job requests a JWT for the issuer, and may do so', () => {
  const job = String(blocks.get('workload-job'));

  expect(load(job)).toMatchObject({
    permissions: { 'id-token': 'write' },
    jobs: { deploy: { environment: 'production' } },
  });
  expect(job).toContain(`&audience=${ISSUER}`);
  expect(job).toContain('grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer');
});
