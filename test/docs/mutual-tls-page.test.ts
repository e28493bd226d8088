import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createKeyRing, createTokenIssuer } from 'passport-jwe';
import { loadFile } from '../support/api-key-files.js';
import { createAuthority, createSelfSigned, type IssuedCertificate } from '../support/client-certificates.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, type RunningProgram, startProgram } from '../support/processes.js';
import { secretOf } from '../support/tokens.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const blocks = await readPageBlocks(new URL('../../docs/guides/mutual-tls.md', import.meta.url));
const blockOf = (name: string): string => blocks.get(name) ?? '';

const servers = createAuthority('servers');
const clients = createAuthority('clients');
const server = servers.issue({ names: ['DNS:localhost'] });
const billing = clients.issue({ subject: '/C=DE/O=Acme/CN=billing' });

/** Inside the package, where programs find it by its name as its users do. */
let directory = '';
let port = 0;
const programs: RunningProgram[] = [];

async function start(name: string): Promise<number> {
  const file = join(directory, `${name}.mts`);
  await writeFile(file, blockOf(name));
  const free = await findFreePort();
  const environment = { JWE_KEY: secretOf(9).toString('hex'), PORT: String(free) };
  const program = startProgram(file, environment, { cwd: directory });
  programs.push(program);
  await untilConnected(program, free);
  return free;
}

/** Waits until a program accepts connections. With TLS, it answers no plain requests. */
async function untilConnected(program: RunningProgram, port: number): Promise<void> {
  const isConnected = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('close', () => resolve(false)).on('connect', () => socket.end());
    });
  const ended = program.ended.then(() => true);
  while (!(await isConnected())) {
    const hasEnded = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20))]);
    if (hasEnded === true) throw new Error(`The program ended: ${program.output()}`);
  }
}

/** Runs the curl command of the page in a folder with this certificate. @returns its output. */
async function curl(certificate: IssuedCertificate): Promise<Readonly<Record<string, unknown>>> {
  await writeFile(join(directory, 'client.pem'), certificate.cert);
  await writeFile(join(directory, 'client-key.pem'), certificate.key);
  const command = blockOf('mutual-tls-curl').replace('localhost:3000', `localhost:${port}`);
  const { stdout } = await promisify(execFile)('bash', ['-c', command.replace('curl', 'curl -s -4')], {
    cwd: directory,
  });
  return JSON.parse(stdout);
}

beforeAll(async () => {
  directory = await mkdtemp(join(ROOT, 'test', '.readme-mutual-tls-'));
  await mkdir(join(directory, 'api-keys'));
  await writeFile(join(directory, 'api-keys', 'billing.yaml'), blockOf('mutual-tls-key'));
  await writeFile(join(directory, 'server.pem'), server.cert);
  await writeFile(join(directory, 'server-key.pem'), server.key);
  await writeFile(join(directory, 'server-ca.pem'), servers.root);
  await writeFile(join(directory, 'clients-ca.pem'), clients.root);
  port = await start('mutual-tls');
});

afterAll(async () => {
  for (const program of programs) program.process.kill('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true });
});

test('the server of the page issues a token to a client with a certificate', async () => {
  expect(await curl(billing)).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String) });
});

test('the server of the page rejects other certificates', async () => {
  const other = clients.issue({ subject: '/C=DE/O=Acme/CN=other' });
  const imposter = createSelfSigned({ subject: '/C=DE/O=Acme/CN=billing' });

  expect([await curl(other), await curl(imposter)]).toMatchObject([
    { error: 'invalid_client' },
    { error: 'invalid_client' },
  ]);
});

test('the file with fingerprints of the page is valid', async () => {
  const { certificates } = await loadFile(blockOf('mutual-tls-self-signed'));

  expect(certificates).toMatchObject({
    method: 'self_signed_tls_client_auth',
    thumbprints: [expect.any(String)],
  });
});

test('the server behind a proxy accepts a bound token with the certificate in the header', async () => {
  const proxied = await start('mutual-tls-proxy');
  const keyRing = await createKeyRing({ current: { secret: secretOf(9).toString('hex') } });
  const issuer = createTokenIssuer({
    keyRing,
    issuer: 'https://auth.example.com',
    audience: 'https://api.example.com',
  });
  const { token } = await issuer.issue({
    subject: 'alice',
    confirmation: { 'x5t#S256': billing.thumbprint },
  });
  const use = async (headers: Readonly<Record<string, string>>): Promise<number> => {
    const sent = { ...headers, authorization: `Bearer ${token}` };
    return (await fetch(`http://127.0.0.1:${proxied}/me`, { headers: sent })).status;
  };

  expect(await use({ 'X-SSL-Client-Cert': encodeURIComponent(billing.cert) })).toBe(200);
  expect(await use({})).toBe(401);
});
