import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setUpCommandLine } from '../support/command-line.js';
import { startTokenEndpoint, type TokenEndpoint } from '../support/token-endpoint.js';

const API_KEY = 'pjwe_test_canary';

/** Seconds that the clock of the command is ahead. */
let ahead = 0;

const { directory, run } = setUpCommandLine(() => Date.now() / 1000 + ahead);

let server: TokenEndpoint;

beforeEach(async () => {
  server = await startTokenEndpoint();
  ahead = 0;
  process.env['XDG_CACHE_HOME'] = directory();
  process.env['API_KEY'] = API_KEY;
});

afterEach(async () => {
  delete process.env['XDG_CACHE_HOME'];
  delete process.env['API_KEY'];
  await server.stop();
});

interface Call {
  readonly args?: readonly string[];
  readonly url?: string;
  readonly apiKey?: string;
}

/** Runs the command with an API key in the variable. */
function get({ args = [], url = server.origin, apiKey = API_KEY }: Call = {}) {
  process.env['API_KEY'] = apiKey;
  return run(['token', 'get', '--url', url, '--client', 'demo', ...args]);
}

const cacheDirectory = () => join(directory(), 'passport-jwe');

async function cacheFile(): Promise<string> {
  const names = await readdir(cacheDirectory());
  expect(names).toHaveLength(1);
  return join(cacheDirectory(), names[0] ?? '');
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

describe('token get', () => {
  test('prints only the token, which it requests as the metadata of the gateway says', async () => {
    const result = await get({ args: ['--scope', 'execute:models'] });

    expect(result).toEqual({ code: 0, out: 'token-1', notes: '' });
    const [request] = server.requests;
    expect(request?.authorization).toBe(`Basic ${Buffer.from(`demo:${API_KEY}`).toString('base64')}`);
    expect(Object.fromEntries(request?.parameters ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'execute:models',
    });
  });

  test('requests the token from a URL that ends in /token', async () => {
    server.settings.metadata = { token_endpoint: 'https://unused.example.com/token' };
    const { out } = await get({ url: `${server.origin}/oauth/token`, args: ['--audience', 'reports'] });

    expect(out).toBe('token-1');
    expect(server.requests[0]?.parameters.get('audience')).toBe('reports');
  });

  test('reads the API key from a private file', async () => {
    await writeFile(join(directory(), 'key'), ` ${API_KEY}\n`, { mode: 0o600 });
    const { out } = await get({ args: ['--secret-file', 'key'], apiKey: '' });

    expect(out).toBe('token-1');
  });

  test('prints the token with its remaining lifetime with --json', async () => {
    const { out } = await get({ args: ['--json'] });

    expect(JSON.parse(out)).toMatchObject({ access_token: 'token-1', token_type: 'Bearer' });
    expect(JSON.parse(out).expires_in).toBeGreaterThan(590);
  });

  test('exits with 2 and advice without an API key', async () => {
    const { code, out, notes } = await get({ apiKey: '' });

    expect([code, out]).toEqual([2, '']);
    expect(notes).toContain('--secret-file FILE, or set the variable API_KEY');
  });

  test('keeps the token in a file that only its owner can read', async () => {
    await get();
    const cached = await get();

    expect(cached).toEqual({ code: 0, out: 'token-1', notes: '' });
    expect(server.requests).toHaveLength(1);
    expect(await modeOf(cacheDirectory())).toBe(0o700);
    expect(await modeOf(await cacheFile())).toBe(0o600);
    expect(await readFile(await cacheFile(), 'utf8')).not.toContain(API_KEY);
  });

  test('keeps tokens with different scopes, audiences and clients apart', async () => {
    const calls = [[], ['--scope', 'a'], ['--audience', 'a'], ['--client', 'other']];
    const printed = [];
    for (const args of [...calls, ...calls]) printed.push((await get({ args })).out);

    expect(printed.slice(4)).toEqual(printed.slice(0, 4));
    expect(new Set(printed).size).toBe(4);
  });

  test('writes no file with --no-cache', async () => {
    await get({ args: ['--no-cache'] });
    const { out } = await get({ args: ['--no-cache'] });

    expect(out).toBe('token-2');
    expect(await readdir(directory())).toEqual([]);
  });

  test('replaces a token whose remaining lifetime is below --min-validity', async () => {
    await get();
    const kept = await get({ args: ['--min-validity', '500'] });
    const replaced = await get({ args: ['--min-validity', '601'] });

    expect([kept.out, replaced.out]).toEqual(['token-1', 'token-2']);
  });

  test('replaces a token that the service has rejected, because the client calls again', async () => {
    const printed = [];
    for (const seconds of [0, 100, 105, 110, 170, 250]) {
      ahead = seconds;
      printed.push((await get()).out);
    }

    expect(printed).toEqual(['token-1', 'token-1', 'token-2', 'token-2', 'token-2', 'token-2']);
  });

  test('keeps a token that clients use at intervals', async () => {
    const printed = [];
    for (const seconds of [0, 65, 130, 195, 260]) {
      ahead = seconds;
      printed.push((await get()).out);
    }

    expect(new Set(printed)).toEqual(new Set(['token-1']));
  });

  test('prints the cached token if a repeated call meets an outage', async () => {
    for (const seconds of [0, 100]) {
      ahead = seconds;
      await get();
    }
    await server.stop();
    ahead = 105;
    const { code, out } = await get();

    expect([code, out]).toEqual([0, 'token-1']);
  });

  test('does not use a token from the future, because the system time was set back', async () => {
    ahead = 86_400;
    await get();
    ahead = 0;
    const { out } = await get();

    expect(out).toBe('token-2');
  });

  test('does not use the token of a previous API key', async () => {
    await get();
    const { out } = await get({ apiKey: 'pjwe_test_rotated' });

    expect(out).toBe('token-2');
  });

  test.each([
    ['no JSON', () => '{'],
    ['an empty file', () => ''],
    ['a changed token', (text: string) => text.replace('token-1', 'token-x')],
  ])('ignores a damaged cache file: %s', async (_case, damage) => {
    await get();
    const file = await cacheFile();
    await writeFile(file, damage(await readFile(file, 'utf8')));
    const { code, out } = await get();

    expect([code, out]).toEqual([0, 'token-2']);
    expect((await get()).out).toBe('token-2');
  });

  test('replaces a file that other users can read, with a warning', async () => {
    await get();
    const file = await cacheFile();
    await chmod(file, 0o644);
    const { out, notes } = await get();

    expect(out).toBe('token-2');
    expect(notes).toContain('warning: the cached token is replaced: Other users can read');
    expect(await modeOf(file)).toBe(0o600);
  });

  test('removes the access of other users to the directory', async () => {
    await mkdir(cacheDirectory(), { recursive: true });
    await chmod(cacheDirectory(), 0o777);
    await get();

    expect(await modeOf(cacheDirectory())).toBe(0o700);
  });

  test('replaces a symbolic link instead of its target', async () => {
    await get();
    const file = await cacheFile();
    const target = join(directory(), 'target');
    await writeFile(target, 'unchanged', { mode: 0o600 });
    await rm(file);
    await symlink(target, file);
    await get();

    expect(await readFile(target, 'utf8')).toBe('unchanged');
    expect((await get()).out).toBe('token-2');
  });

  test('prints a token if the cache cannot be used', async () => {
    await writeFile(join(directory(), 'file'), '');
    process.env['XDG_CACHE_HOME'] = join(directory(), 'file');
    const { code, out, notes } = await get();

    expect([code, out]).toEqual([0, 'token-1']);
    expect(notes).toContain('warning: the cache is not used');
  });

  test('removes the lock of a process that ended', async () => {
    await get();
    const file = await cacheFile();
    await writeFile(`${file}.lock`, '4194305');
    const { out } = await get({ args: ['--min-validity', '601'] });

    expect(out).toBe('token-2');
    expect(await readdir(cacheDirectory())).toHaveLength(1);
  });

  test.each([
    ['is unreachable', () => server.stop()],
    [
      'responds with 503',
      async () => {
        server.settings.status = 503;
      },
    ],
    [
      'breaks off its response',
      async () => {
        server.settings.breaks = true;
      },
    ],
  ])('uses the cached token with a warning if the endpoint %s', async (_case, breakEndpoint) => {
    await get();
    await breakEndpoint();
    const { code, out, notes } = await get({ args: ['--min-validity', '601'] });

    expect([code, out]).toEqual([0, 'token-1']);
    expect(notes).toContain('warning: the token endpoint is unavailable');
  });

  test('exits with 1 and a message if the endpoint is unreachable and no token is cached', async () => {
    await server.stop();
    const { code, out, notes } = await get();

    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain(`The token endpoint of ${new URL(server.origin).host} is unavailable`);
    expect(notes).toContain('ECONNREFUSED');
  });

  test('names a redirect, which it does not follow', async () => {
    server.settings.status = 307;
    const { code, notes } = await get();

    expect(code).toBe(1);
    expect(notes).toContain('unexpected redirect');
  });

  test('exits with 1 if the endpoint rejects the API key, though a token is cached', async () => {
    await get();
    server.settings.status = 401;
    const { code, out, notes } = await get({ args: ['--min-validity', '601'] });

    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain('responded with 401 invalid_client');
    expect(notes).not.toContain(API_KEY);
  });

  test('sends no API key to a host that metadata of a different issuer names', async () => {
    const other = await startTokenEndpoint();
    server.settings.metadata = { issuer: other.origin, token_endpoint: `${other.origin}/oauth/token` };
    const { code, notes } = await get();
    await other.stop();

    expect(code).toBe(1);
    expect(notes).toContain('pass the URL of the token endpoint as --url');
    expect(other.requests).toEqual([]);
  });

  test('follows metadata of the issuer to a token endpoint on a different host', async () => {
    const other = await startTokenEndpoint();
    server.settings.metadata = { token_endpoint: `${other.origin}/oauth/token` };
    const { out } = await get();
    await other.stop();

    expect(out).toBe('token-1');
    expect(other.requests).toHaveLength(1);
  });

  test('rejects a URL without TLS as an invalid call', async () => {
    expect((await get({ url: 'http://gateway.example.com' })).code).toBe(2);
  });
});
