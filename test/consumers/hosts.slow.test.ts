import { execFile } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateApiKey } from 'passport-jwe/api-keys';
import { type Certificate, makeCertificate } from '../support/certificates.js';
import { findFreePort } from '../support/processes.js';
import { secretOf } from '../support/tokens.js';
import { installConsumer } from './install-consumer.js';
import { type PackedPackage, packPackage } from './packed-package.js';

const PACKAGES = [
  ...['serverless-http@4.0.0', '@codegenie/serverless-express@4.17.1', 'http2-express@1.1.1'],
  ...['node-mocks-http@1.18.1', 'light-my-request@6.8.1', 'supertest@7.3.2', 'ws@8.23.0'],
];

/** The programs themselves: the packages `bun` and `deno` find them by install scripts. */
const RUNTIME_PACKAGES = ['@oven/bun-linux-x64@1.4.5', '@deno/linux-x64-glibc@2.9.6'];

const EXPRESS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Express 5', ['express@5.3.0', ...RUNTIME_PACKAGES]],
  ['Express 4', ['express@4.22.3']],
]);

/** A program with its arguments. The last one is the driver. */
type Command = readonly [program: string, ...args: string[]];

const BUN = 'node_modules/@oven/bun-linux-x64/bin/bun';
const DENO = 'node_modules/@deno/linux-x64-glibc/deno';

const RUNTIMES: readonly (readonly [name: string, start: (driver: string) => Command])[] = [
  ['Node.js', (driver) => [process.execPath, driver]],
  ['Bun', (driver) => [BUN, driver]],
  ['Deno', (driver) => [DENO, 'run', '--allow-env', '--allow-net', '--allow-read', driver]],
];

const HOSTS: readonly (readonly [name: string, command: Command])[] = [
  ['serverless-http', [process.execPath, 'serverless-http.mjs']],
  ['serverless-express', [process.execPath, 'serverless-express.mjs']],
  ['node-mocks-http', [process.execPath, 'node-mocks-http.mjs']],
  ['light-my-request', [process.execPath, 'light-my-request.mjs']],
  ['supertest', [process.execPath, 'supertest.mjs']],
  ['http2-express', [process.execPath, 'http2.mjs']],
  ...RUNTIMES.map(([name, start]) => [name, start('socket.mjs')] as const),
];

const CHALLENGE = 'Bearer realm="api"';
const challenge = (error: string, description: string, more = '') =>
  `${CHALLENGE}, error="${error}", error_description="${description}"${more}`;
const NOT_VALID = challenge('invalid_token', 'The access token is not valid');
const lacksScope = (scope: string) =>
  challenge(
    'insufficient_scope',
    'The access token lacks a scope that this resource requires',
    `, scope="${scope}"`,
  );
const INVALID_TOKEN = { status: 401, error: 'invalid_token' };
const SEVERAL = {
  status: 400,
  error: 'invalid_request',
  challenge: challenge('invalid_request', 'The request has several Authorization headers'),
};

/** The rows of docs/reference/failures.md that every host must answer alike. */
const TABLE = {
  'no token': { status: 401, challenge: CHALLENGE },
  'valid token': { status: 200 },
  'tampered token': { ...INVALID_TOKEN, challenge: NOT_VALID },
  'expired token': { ...INVALID_TOKEN, challenge: challenge('invalid_token', 'The access token expired') },
  'missing scope': { status: 403, error: 'insufficient_scope', challenge: lacksScope('read:drafts') },
  'two different tokens': SEVERAL,
  'one token twice': SEVERAL,
  'header set by middleware': { status: 200 },
  'header deleted by middleware': { status: 401, challenge: CHALLENGE },
  'API key, form': { status: 200, issued: true },
  'API key, JSON': { status: 200, issued: true },
  'wrong API key': { status: 401, error: 'invalid_client', challenge: 'Basic realm="token"' },
  'other media type': { status: 415, error: 'invalid_request' },
  'body too large': { status: 413, error: 'invalid_request' },
};

let packed: PackedPackage;
let certificate: Certificate;
let directories: ReadonlyMap<string, string>;

beforeAll(async () => {
  packed = await packPackage();
  certificate = await makeCertificate();
  const installing = [...EXPRESS].map(
    async ([name, packages]) => [name, await installProject(packages)] as const,
  );
  directories = new Map(await Promise.all(installing));
}, 180_000);

async function installProject(packages: readonly string[]): Promise<string> {
  const { directory } = await installConsumer(packed, [...PACKAGES, ...packages]);
  await cp(fileURLToPath(new URL('projects/hosts', import.meta.url)), directory, { recursive: true });
  await writeFile(join(directory, 'key.pem'), certificate.key);
  await writeFile(join(directory, 'cert.pem'), certificate.cert);
  return directory;
}

afterAll(async () => {
  await certificate.dispose();
  await packed.remove();
});

function directoryOf(express: string): string {
  const directory = directories.get(express);
  if (directory === undefined) throw new Error(`${express} is not installed`);
  return directory;
}

async function run(
  [command, ...args]: Command,
  express = 'Express 5',
): Promise<Readonly<Record<string, unknown>>> {
  const { PATH, HOME } = process.env;
  const env = {
    ...{ PATH, HOME },
    ...{ JWE_KEY: secretOf(7).toString('hex'), DEMO_API_KEY: generateApiKey() },
    ...{ PORT: String(await findFreePort()), CHECK_MS: '100' },
  };
  const file = join('drivers', args.at(-1) ?? '');
  const program = resolve(directoryOf('Express 5'), command);
  const { stdout } = await promisify(execFile)(program, [...args.slice(0, -1), file], {
    cwd: directoryOf(express),
    env,
  });
  return JSON.parse(stdout);
}

describe.each([...EXPRESS.keys()])('an application of %s', (express) => {
  test.each(HOSTS)('answers on %s as the failure table says', async (_host, command) => {
    expect(await run(command, express)).toEqual(TABLE);
  });
});

const PROTOCOL = 'chat.example.com';
const HELLO = { message: 'Hello test-user' };

/** Every upgrade requires this scope, so every challenge contains it. */
const REQUIRED = 'scope="read:documents"';

const UPGRADES = {
  header: { ...HELLO, protocol: '' },
  subprotocol: { ...HELLO, protocol: PROTOCOL },
  cookie: { ...HELLO, protocol: '' },
  'other origin': { status: 403 },
  'no token': { status: 401, challenge: `${CHALLENGE}, ${REQUIRED}` },
  'invalid token': { status: 401, challenge: `${NOT_VALID}, ${REQUIRED}` },
  'missing scope': { status: 403, challenge: lacksScope('read:documents') },
  'token that expires': { ...HELLO, protocol: PROTOCOL, code: 3000, reason: 'Unauthorized' },
  'token that stays valid': { open: true },
};

test.each(RUNTIMES)(
  'a WebSocket server on %s answers upgrades as the failure table says, and closes with the token',
  async (_runtime, start) => {
    expect(await run(start('websocket.mjs'))).toEqual(UPGRADES);
  },
);

test('a stream of events ends with its token or continues, as the application chooses', async () => {
  expect(await run([process.execPath, 'sse.mjs'])).toEqual({
    notifications: ['hello {"sub":"test-user"}', 'unauthorized {"error":"invalid_token"}'],
    progress: [0, 50, 100].map((percent) => `progress {"percent":${percent}}`),
    'connecting again': 401,
  });
});
