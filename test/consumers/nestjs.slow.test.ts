import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKeyRing, createTokenIssuer, type TokenIssuer } from 'passport-jwe';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { secretOf } from '../support/tokens.js';
import { type InstalledConsumer, installConsumer } from './install-consumer.js';
import { type PackedPackage, packPackage } from './packed-package.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const BESIDE = [
  ...['passport@0.7.0', 'reflect-metadata@0.2.2', 'rxjs@7.8.2', 'supertest@7.3.2'],
  ...['@types/express@5.0.6', '@types/jest@30.0.0', '@types/node@20.19.43', '@types/passport@1.0.17'],
  '@types/supertest@7.2.1',
];
const packagesOf = (version: string, testing: string, passport: string) => [
  ...['common', 'core', 'platform-express'].map((name) => `@nestjs/${name}@${version}`),
  ...[`@nestjs/testing@${testing}`, `@nestjs/passport@${passport}`],
  ...BESIDE,
];

/** Packages and module system of the projects that `nest new` creates. */
const VERSIONS = {
  '11': { packages: packagesOf('11.2.10', '11.2.6', '11.0.5'), type: 'commonjs' },
  '12': { packages: packagesOf('12.5.1', '12.1.1', '12.0.0'), type: 'module' },
} as const;

const KEY = secretOf(7).toString('hex');
/** Compiler options of the projects that `nest new` creates, beside those that are stricter here. */
const OPTIONS = {
  ...{ module: 'nodenext', experimentalDecorators: true, emitDecoratorMetadata: true },
  ...{ esModuleInterop: true, isolatedModules: true, declaration: true, types: ['node', 'jest'] },
};

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

const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');

/** Writes the configuration of `nest new`, with the setting of the page, and swc instead of ts-jest. */
async function writeJestConfig(folder: string, type: 'module' | 'commonjs'): Promise<string> {
  const ofPage = JSON.parse(await readFile(join(folder, 'jest-imports.json'), 'utf8'));
  const parser = { syntax: 'typescript', decorators: true };
  const swc = {
    jsc: { parser, target: 'es2023', transform: { legacyDecorator: true, decoratorMetadata: true } },
    module: { type: type === 'module' ? 'es6' : 'commonjs' },
  };
  const config = {
    ...{ rootDir: folder, testEnvironment: 'node', testRegex: '.e2e-spec.ts$', ...ofPage },
    ...{ moduleFileExtensions: ['js', 'json', 'ts'] },
    ...(type === 'module' ? { extensionsToTreatAsEsm: ['.ts'] } : {}),
    transform: { '^.+\\.ts$': [join(ROOT, 'node_modules', '@swc', 'jest'), swc] },
  };
  const file = join(folder, 'jest-e2e.json');
  await writeFile(file, JSON.stringify(config));
  return file;
}

beforeAll(async () => {
  packed = await packPackage();
  const installing = Object.entries(VERSIONS).map(
    async ([version, { packages }]) => [version, await installConsumer(packed, packages)] as const,
  );
  consumers = new Map(await Promise.all(installing));
}, 180_000);

afterAll(() => packed.remove());

describe.each(Object.entries(VERSIONS))('an application of NestJS %s', (version, { type }) => {
  let consumer: InstalledConsumer;
  let program: RunningProgram;
  let origin: string;

  beforeAll(async () => {
    const installed = consumers.get(version);
    if (installed === undefined) throw new Error(`NestJS ${version} is not installed`);
    consumer = installed;
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
    expect(await consumer.compile('nestjs', OPTIONS, type)).toBe('');
    const port = await findFreePort();
    const environment = { JWE_KEY: KEY, PORT: String(port), NODE_DEBUG: 'passport-jwe' };
    const main = join(consumer.directory, 'out', 'nestjs', 'src', 'main.js');
    program = startProgram(main, environment, { cwd: join(consumer.directory, 'nestjs') });
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

  test('creates a token by the program of the page', async () => {
    const page = await readPageBlocks(new URL('../../docs/recipes/nestjs.md', import.meta.url));
    const token = await consumer.runProgram('token.mjs', page.get('nestjs-token') ?? '', [], {
      JWE_KEY: KEY,
    });
    const port = new URL(origin).port;
    const calls = (page.get('nestjs-call') ?? '')
      .replace('$(node token.mjs)', token)
      .replaceAll(':3000', `:${port}`);
    const { stdout } = await promisify(execFile)('bash', ['-c', calls]);

    expect(stdout.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '403', '401']);
  });

  test('answers 503 with Retry-After and no challenge if the users are unavailable', async () => {
    await rm(join(consumer.directory, 'nestjs', 'users.json'));

    expect(await get('/documents', `Bearer ${valid}`)).toMatchObject({
      status: 503,
      challenge: null,
      retryAfter: '1',
      body: { error: 'temporarily_unavailable' },
    });
  });

  test('names the cause of the 503 in the debug line', () => {
    expect(program.output()).toContain("ENOENT: no such file or directory, open 'users.json'");
  });

  test('passes its tests in Jest, with a test key ring', async () => {
    const folder = join(consumer.directory, 'nestjs');
    const config = await writeJestConfig(folder, type);
    const jest = [...(type === 'module' ? ['--experimental-vm-modules'] : []), JEST, '--config', config];
    const { PATH, HOME } = process.env;
    const running = promisify(execFile)(process.execPath, jest, { cwd: folder, env: { PATH, HOME } });
    const { stderr } = await running.catch((failure) => failure);

    expect(stderr).toMatch(/^Tests: +3 passed, 3 total$/m);
  }, 60_000);

  test('logs no rejected request as an error', () => {
    expect(program.output()).not.toContain('ERROR');
  });
});
