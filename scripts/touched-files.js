import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import express from 'express';
import passport from 'passport';

// Lists the source files that take part in accepting one request: those in which V8 sees a function run. Exits with 1 if
// they exceed the bounds. The script compiles the sources itself, because coverage of a bundle does not name them.

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ISSUER = 'https://auth.example.com';
const AUDIENCE = 'https://api.example.com';

/** Requests of each kind before the measurement, so that every cache is warm. */
const WARM_UP = 50;

/** Maximum number of source files for a cached token and for a new one. */
const BOUNDS = { cached: 20, new: 25 };

const folder = mkdtempSync(join(tmpdir(), 'passport-jwe-touched-files-'));
try {
  compile();
  process.exitCode = (await measure()) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** Compiles into a folder with its own module type and a link to the dependencies. */
function compile() {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const project = join(ROOT, 'tsconfig.build.json');
  const options = [
    '--project',
    project,
    '--outDir',
    join(folder, 'src'),
    '--declaration',
    'false',
    '--emitDeclarationOnly',
    'false',
  ];
  const { status } = spawnSync(tsc, options, { stdio: 'inherit' });
  if (status !== 0) throw new Error('The sources do not compile');
}

/** @returns {Promise<boolean>} whether `authenticate()` and `JweStrategy` with default options stay within the bounds. */
async function measure() {
  const library = await import(pathToFileURL(join(folder, 'src/index.js')).href);
  const { authenticate, createKeyRing, createTokenIssuer, JweStrategy, verifiedToken } = library;
  const keyRing = await createKeyRing({ current: { secret: randomBytes(32) } });
  const issuer = createTokenIssuer({ keyRing, issuer: ISSUER });
  const issue = async () => {
    const parties = { audience: AUDIENCE, subject: 'orders', clientId: 'orders' };
    const terms = { type: 'service', scope: ['read:orders'], lifetime: 60, claims: {} };
    return (await issuer.issue({ ...parties, ...terms })).token;
  };
  const options = { keyRing, issuer: ISSUER, audience: AUDIENCE };
  const strategy = passport.use(new JweStrategy(options)).authenticate('jwe', { session: false });
  const answer = (req, res) => res.json({ subject: verifiedToken(req).claims.sub });

  const middleware = await measureApp(express().use(authenticate(options), answer), issue);
  report('authenticate()', middleware);
  const byStrategy = await measureApp(express().use(strategy, answer), issue);
  report('JweStrategy', byStrategy);
  const everything = [
    authenticate({ ...options, ...createChecks(library) }),
    library.requireScope('read:orders'),
  ];
  const all = await measureApp(express().use(everything, answer), issue);
  report('with revocations, API keys, an audit trail and a guard', all, {});
  return [middleware, byStrategy].every(
    (files) => files.cached.length <= BOUNDS.cached && files.new.length <= BOUNDS.new,
  );
}

/** Options that most applications set in production. */
function createChecks({ createAuditTrail, createMemoryStores, createRevocations }) {
  return {
    revocations: createRevocations({ stores: createMemoryStores() }),
    audit: createAuditTrail({ sinks: [{ name: 'none', write() {} }] }),
    apiKeys: { get: () => ({ active: true }) },
  };
}

async function measureApp(app, issue) {
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const repeated = await issue();
  const send = (token) => get(server.address().port, token);
  try {
    for (let count = 0; count < WARM_UP; count += 1) {
      await send(repeated);
      await send(await issue());
    }
    const fresh = await issue();
    return { cached: await coverage(() => send(repeated)), new: await coverage(() => send(fresh)) };
  } finally {
    server.close();
  }
}

/** @returns {Promise<string[]>} source files in which a function runs during the action. */
async function coverage(action) {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  await session.post('Profiler.takePreciseCoverage');
  await action();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  const base = pathToFileURL(join(folder, 'src/')).href;
  return result
    .filter(
      ({ url, functions }) => url.startsWith(base) && functions.some(({ ranges }) => ranges[0].count > 0),
    )
    .map(({ url }) => relative(folder, fileURLToPath(url)).replace(/\.js$/, '.ts'))
    .sort();
}

async function get(port, token) {
  const req = request({ host: '127.0.0.1', port, headers: { authorization: `Bearer ${token}` } });
  const [res] = await once(req.end(), 'response');
  await once(res.resume(), 'end');
  if (res.statusCode !== 200) throw new Error(`The app answered ${res.statusCode}`);
}

function report(name, filesByKind, bounds = BOUNDS) {
  for (const [kind, files] of Object.entries(filesByKind)) {
    const bound = bounds[kind] === undefined ? '' : ` (at most ${bounds[kind]})`;
    console.log(`${name}, ${kind} token: ${files.length} source files${bound}`);
    for (const file of files) console.log(`  ${file}`);
  }
}
