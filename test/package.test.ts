import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** What npm would install beside the package; optional peers are left out on purpose. */
const INSTALLED = [
  ...['express', 'jose', 'js-yaml', 'lru-cache', 'passport-strategy', 'zod'],
  ...['@types/express', '@types/passport-strategy', '@types/node'],
];

const STORY = `
  const keyRing = await createKeyRing({ current: { secret: randomBytes(32) } });
  const issuer = createTokenIssuer({ keyRing, issuer: 'https://a.example' });
  const verifier = createTokenVerifier({ keyRing, issuer: 'https://a.example', audience: 'https://b.example' });
  const { token } = await issuer.issue({
    type: 'service', subject: 's', clientId: 's', audience: 'https://b.example', scope: ['a'], lifetimeSeconds: 60, claims: {},
  });
  const verified = await verifier.verify(token);
  console.log(verified.type, verified.hasScope('a'), typeof authenticate, typeof JweStrategy, typeof tokenRouter);
`;
const NAMES = 'authenticate, createKeyRing, createTokenIssuer, createTokenVerifier, JweStrategy, tokenRouter';

let consumer = '';

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'passport-jwe-consumer-'));
  const { stdout } = await run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', consumer],
    { cwd: ROOT },
  );
  const [{ filename }] = JSON.parse(stdout);
  const home = join(consumer, 'node_modules', 'passport-jwe');
  await mkdir(home, { recursive: true });
  await run('tar', ['-xzf', join(consumer, filename), '-C', home, '--strip-components=1']);
  for (const name of INSTALLED) {
    const link = join(consumer, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), link);
  }
}, 60_000);

afterAll(() => rm(consumer, { recursive: true, force: true }));

async function runFile(name: string, text: string): Promise<string> {
  await writeFile(join(consumer, name), text);
  return (await run(process.execPath, [name], { cwd: consumer })).stdout.trim();
}

describe('the packed tarball', () => {
  test('holds the built modules, their types and the papers, nothing else', async () => {
    const files = await readdir(join(consumer, 'node_modules', 'passport-jwe'));

    expect(files.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json']);
  });

  test('is imported by an ES module', async () => {
    const text = `import { ${NAMES} } from 'passport-jwe'; import { randomBytes } from 'node:crypto';${STORY}`;

    expect(await runFile('esm.mjs', text)).toBe('service true function function function');
  });

  test('is required by a CommonJS module', async () => {
    const text = `const { ${NAMES} } = require('passport-jwe'); const { randomBytes } = require('node:crypto'); (async () => {${STORY}})();`;

    expect(await runFile('cjs.cjs', text)).toBe('service true function function function');
  });

  test.each([
    ['lmdb', 'openLmdbStores', "{ path: 'store' }"],
    ['redis', 'openRedisStores', "{ url: 'redis://127.0.0.1' }"],
  ])('says what passport-jwe/%s needs where that is not installed', async (subpath, name, options) => {
    const text = `import { ${name} } from 'passport-jwe/${subpath}'; await ${name}(${options}).catch((error) => console.log(error.message));`;

    expect(await runFile(`${subpath}.mjs`, text)).toMatch(
      /^This store needs the package (\w+): npm install \1$/,
    );
  });

  test('has types that hold for a strict consumer who checks libraries too', async () => {
    await writeFile(
      join(consumer, 'consumer.mts'),
      `import express from 'express';
       import { authenticate, createKeyRing, createRevocations, JweStrategy, requireScope, verifiedToken } from 'passport-jwe';
       import { openLmdbStores } from 'passport-jwe/lmdb';
       const stores = await openLmdbStores({ path: 'store' });
       createRevocations({ stores });
       const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } });
       const options = { keyRing, issuer: 'https://a.example', audience: 'https://b.example' };
       new JweStrategy(options, (token, done) => done(null, { id: token.claims.sub }));
       new JweStrategy({ ...options, passReqToCallback: true }, async (req, token) => ({ path: req.path, sub: token.claims.sub }));
       express().get('/', authenticate(options), requireScope('a'), (req, res) => {
         const models: readonly string[] = verifiedToken(req, 'tiered_model_exec').claims.allowed_models;
         const token = verifiedToken(req);
         if (token.type === 'function_call') res.json(token.claims.allowed_functions);
         // @ts-expect-error a token of any type promises no models
         else res.json([models, verifiedToken(req).claims.allowed_models.length]);
       });`,
    );
    const compiler = join(ROOT, 'node_modules', '.bin', 'tsc');
    const flags = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
    ];
    const { stdout } = await run(compiler, [...flags, 'consumer.mts'], { cwd: consumer }).catch(
      (error) => error,
    );

    expect(stdout).toBe('');
  }, 60_000);
});
