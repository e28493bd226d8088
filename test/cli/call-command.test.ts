import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setUpCommandLine } from '../support/command-line.js';
import { type DpopServer, startDpopServer } from '../support/dpop-server.js';
import { AUDIENCE } from '../support/tokens.js';

const { directory, run, runJson } = setUpCommandLine();

let server: DpopServer;

beforeEach(async () => {
  server = await startDpopServer();
  await run(['dpop-key', 'create']);
});

afterEach(() => server.stop());

async function requestToken(): Promise<string> {
  const source = [
    '--token-endpoint',
    `${server.origin}/token`,
    '--client',
    'billing',
    '--audience',
    AUDIENCE,
  ];
  return (await run(['token', 'request', ...source, '--dpop-key', 'dpop.jwk'], 'sk-1\n')).out;
}

describe('call', () => {
  test('calls an API with a token from standard input and a proof, and prints the body', async () => {
    const url = `${server.origin}/documents?page=2`;
    const { code, out } = await run(['call', url, '--dpop-key', 'dpop.jwk'], await requestToken());

    expect([code, JSON.parse(out)]).toEqual([0, { path: '/documents', body: '' }]);
  });

  test('repeats the call with the nonce that the API demands (RFC 9449 §9)', async () => {
    server.nonces.api = 'n1';
    const { code } = await run(
      ['call', `${server.origin}/a`, '--dpop-key', 'dpop.jwk'],
      await requestToken(),
    );

    expect(code).toBe(0);
    expect(server.apiRequests.map(({ status }) => status)).toEqual([401, 200]);
  });

  test('sends the body in --data by POST, or by the method in --method', async () => {
    const token = await requestToken();
    await writeFile(join(directory(), 'body.json'), '{"a":1}');
    const args = ['call', `${server.origin}/a`, '--dpop-key', 'dpop.jwk', '--data', 'body.json'];
    await run(args, token);
    await run([...args, '--method', 'PUT'], token);

    const sent = server.apiRequests.map(({ method, body, status }) => [method, body, status]);
    expect(sent).toEqual([
      ['POST', '{"a":1}', 200],
      ['PUT', '{"a":1}', 200],
    ]);
  });

  test('reads the token from a private file, and rejects a file that other users can read', async () => {
    const file = join(directory(), 'token.txt');
    await writeFile(file, await requestToken(), { mode: 0o600 });
    await writeFile(`${file}.shared`, 'token', { mode: 0o644 });
    const args = ['call', `${server.origin}/a`, '--dpop-key', 'dpop.jwk', '--token-file'];

    expect((await run([...args, 'token.txt'])).code).toBe(0);
    expect(await run([...args, 'token.txt.shared'])).toMatchObject({
      code: 1,
      notes: expect.stringContaining('chmod 600'),
    });
  });

  test('prints status, media type and body as JSON with --json', async () => {
    const url = `${server.origin}/a`;
    const result = await runJson(['call', url, '--dpop-key', 'dpop.jwk'], await requestToken());

    expect(result).toEqual({ status: 200, content_type: null, body: '{"path":"/a","body":""}' });
  });

  test('ends with 1 and the challenge if the API rejects the token, after one request', async () => {
    const { code, notes } = await run(['call', `${server.origin}/a`, '--dpop-key', 'dpop.jwk'], 'stolen');

    expect(code).toBe(1);
    expect(notes).toBe(
      'error: The API responded with 401: Bearer realm="api", DPoP algs="ES256", error="invalid_token"',
    );
    expect(server.apiRequests).toHaveLength(1);
  });

  test('sends a bearer token without --dpop-key', async () => {
    await run(['call', `${server.origin}/a`], 'bearer-token');

    expect(server.apiRequests[0]?.authorization).toBe('Bearer bearer-token');
  });

  test.each([
    ['an empty token', (origin: string) => [`${origin}/a`], ''],
    ['a URL without TLS', () => ['http://api.example.com/a'], 'token'],
    ['a relative URL', () => ['/a'], 'token'],
  ])('rejects %s as an invalid call', async (_case, args, input) => {
    expect((await run(['call', ...args(server.origin)], input)).code).toBe(2);
    expect(server.apiRequests).toEqual([]);
  });
});
