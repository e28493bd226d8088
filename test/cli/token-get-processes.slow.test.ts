import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startTokenEndpoint, type TokenEndpoint } from '../support/token-endpoint.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const API_KEY = 'pjwe_test_canary';

let home = '';
let server: TokenEndpoint;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-get-'));
  server = await startTokenEndpoint();
});

afterEach(async () => {
  await server.stop();
  await rm(home, { recursive: true, force: true });
});

interface Call {
  readonly args?: readonly string[];
  readonly url?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly code: unknown;
  readonly out: string;
  readonly notes: string;
}

/** Runs the command in a process with a home directory for this test. */
function get({ args = [], url = server.origin, environment = { API_KEY } }: Call = {}): Promise<Outcome> {
  const command = [MAIN, 'token', 'get', '--url', url, '--client', 'demo', ...args];
  const env = { PATH: process.env['PATH'], HOME: home, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env, cwd: home }, (error, out, notes) => {
      resolve({ code: error === null ? 0 : error.code, out, notes });
    });
  });
}

describe('token get in processes', () => {
  test('prints only the token to standard output, and keeps it in the cache of the user', async () => {
    const results = [await get(), await get()];

    expect(results).toEqual(Array(2).fill({ code: 0, out: 'token-1\n', notes: '' }));
    expect(await readdir(join(home, '.cache', 'passport-jwe'))).toHaveLength(1);
  });

  test('uses XDG_CACHE_HOME', async () => {
    await get({ environment: { API_KEY, XDG_CACHE_HOME: join(home, 'xdg') } });

    expect(await readdir(join(home, 'xdg', 'passport-jwe'))).toHaveLength(1);
    expect(await readdir(home)).toEqual(['xdg']);
  });

  test.each(['', 'relative'])('writes no token to the current directory if HOME is "%s"', async (HOME) => {
    const { out, notes } = await get({ environment: { API_KEY, HOME, XDG_CACHE_HOME: 'relative' } });

    expect(out).toBe('token-1\n');
    expect(notes).toContain('warning: the cache is not used: HOME is not an absolute path');
    expect(await readdir(home)).toEqual([]);
  });

  test('requests few tokens for ten concurrent processes, even if tokens expire soon', async () => {
    server.settings.lifetime = 60;
    server.settings.delayMs = 300;
    const results = await Promise.all(Array.from({ length: 10 }, () => get()));

    expect(results.map(({ code }) => code)).toEqual(Array(10).fill(0));
    expect(results.every(({ out }) => /^token-\d+\n$/.test(out))).toBe(true);
    expect(server.requests.length).toBeLessThan(5);
    expect(await readdir(join(home, '.cache', 'passport-jwe'))).toHaveLength(1);
  });

  test('ends within five seconds if the endpoint does not respond', async () => {
    server.settings.delayMs = 60_000;
    const startedAt = performance.now();
    const { code, out } = await get({ args: ['--no-cache'] });

    expect([code, out]).toEqual([1, '']);
    expect(performance.now() - startedAt).toBeLessThan(8000);
  });
});
