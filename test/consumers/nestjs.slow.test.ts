import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRing, createTokenIssuer, type TokenIssuer } from 'passport-jwe';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { secretOf } from '../support/tokens.js';
import { type InstalledConsumer, installConsumer } from './install-consumer.js';
import { type PackedPackage, packPackage } from './packed-package.js';

const BESIDE = [
  ...['passport@0.7.0', 'reflect-metadata@0.2.2', 'rxjs@7.8.2'],
  ...['@types/express@5.0.6', '@types/node@20.19.43', '@types/passport@1.0.17'],
];
const packagesOf = (version: string, passportVersion: string) => [
  ...['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@${version}`),
  `@nestjs/passport@${passportVersion}`,
  ...BESIDE,
];

const VERSIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['11', packagesOf('11.2.10', '11.0.5')],
  ['12', packagesOf('12.5.1', '12.0.0')],
]);

const KEY = secretOf(7).toString('hex');
const DECORATORS = { module: 'nodenext', experimentalDecorators: true, emitDecoratorMetadata: true };

const CHALLENGE = 'Bearer realm="api"';
const NOT_VALID = `${CHALLENGE}, error="invalid_token", error_description="The access token is not valid"`;
const EXPIRED = `${CHALLENGE}, error="invalid_token", error_description="The access token expired"`;
const LACKS_SCOPE = `${CHALLENGE}, error="insufficient_scope", error_description="The access token lacks a scope that this resource requires", scope="read:drafts"`;

let packed: PackedPackage;
let consumers: ReadonlyMap<string, InstalledConsumer>;
let valid: string;

function issue(issuer: TokenIssuer, subject = 'alice'): Promise<string> {
  return issuer.issue({ subject, scope: ['read:documents'], lifetime: 60 }).then(({ token }) => token);
}

function createIssuer(keyRing: Awaited<ReturnType<typeof createKeyRing>>, shift = 0): TokenIssuer {
  return createTokenIssuer({
    keyRing,
    ...{ issuer: 'https://auth.example.com', audience: 'https://api.example.com' },
    clock: () => Math.floor(Date.now() / 1000) + shift,
  });
}

beforeAll(async () => {
  packed = await packPackage();
  const installing = [...VERSIONS].map(
    async ([version, packages]) => [version, await installConsumer(packed, packages)] as const,
  );
  consumers = new Map(await Promise.all(installing));
}, 180_000);

afterAll(() => packed.remove());

describe.each([...VERSIONS.keys()])('an application of NestJS %s', (version) => {
  let consumer: InstalledConsumer;
  let program: RunningProgram;
  let origin: string;

  beforeAll(async () => {
    const installed = consumers.get(version);
    if (installed === undefined) throw new Error(`NestJS ${version} is not installed`);
    consumer = installed;
    await writeFile(join(consumer.directory, 'users.json'), '[{ "id": "alice", "name": "Alice" }]');
  });

  afterAll(async () => {
    program?.process.kill();
    await program?.ended;
  });

  const get = async (path: string, authorization?: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await fetch(`${origin}${path}`, { headers });
    const text = await answer.text();
    return {
      status: answer.status,
      challenge: answer.headers.get('www-authenticate'),
      body: text === '' ? undefined : JSON.parse(text),
      retryAfter: answer.headers.get('retry-after'),
    };
  };

  test('compiles by strict rules and starts', async () => {
    expect(await consumer.compile('nestjs', DECORATORS)).toBe('');
    const port = await findFreePort();
    const environment = { JWE_KEY: KEY, PORT: String(port) };
    const cwd = consumer.directory;
    program = startProgram(join(cwd, 'out', 'nestjs', 'main.js'), environment, { cwd });
    await untilListening(program, port);
    origin = `http://127.0.0.1:${port}`;
  }, 60_000);

  test('answers requests as the failure table says', async () => {
    const keyRing = await createKeyRing({ current: { secret: KEY } });
    valid = await issue(createIssuer(keyRing));
    const expired = await issue(createIssuer(keyRing, -600));
    const stranger = await issue(createIssuer(keyRing), 'bob');
    const rows = [
      ['/documents', `Bearer ${valid}`],
      ['/documents', undefined],
      ['/documents', 'Bearer a.b.c'],
      ['/documents', `Bearer ${expired}`],
      ['/documents', `Bearer ${stranger}`],
      ['/documents', 'Bearer a b'],
      ['/documents/drafts', `Bearer ${valid}`],
    ] as const;
    const answers = await Promise.all(rows.map(([path, authorization]) => get(path, authorization)));

    expect(answers).toMatchObject([
      { status: 200, challenge: null, body: { for: 'Alice' } },
      { status: 401, challenge: CHALLENGE, body: undefined },
      { status: 401, challenge: NOT_VALID, body: { error: 'invalid_token' } },
      { status: 401, challenge: EXPIRED, body: { error: 'invalid_token' } },
      { status: 401, challenge: NOT_VALID, body: { error: 'invalid_token' } },
      { status: 400, challenge: expect.stringContaining('error="invalid_request"') },
      { status: 403, challenge: LACKS_SCOPE, body: { error: 'insufficient_scope' } },
    ]);
  });

  test('answers 503 with Retry-After and no challenge if the users are unavailable', async () => {
    await rm(join(consumer.directory, 'users.json'));

    expect(await get('/documents', `Bearer ${valid}`)).toMatchObject({
      status: 503,
      challenge: null,
      retryAfter: '1',
      body: { error: 'temporarily_unavailable' },
    });
  });

  test('logs no rejected request as an error', () => {
    expect(program.output()).not.toContain('ERROR');
  });
});
