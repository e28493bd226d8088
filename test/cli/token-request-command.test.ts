import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { setUpCommandLine } from '../support/command-line.js';
import { type DpopServer, startDpopServer } from '../support/dpop-server.js';
import { AUDIENCE, ISSUER } from '../support/tokens.js';

const { directory, run, runJson } = setUpCommandLine();

let server: DpopServer;

beforeEach(async () => {
  server = await startDpopServer();
});

afterEach(() => server.stop());

/** Arguments for the endpoint, the client and the audience. */
const source = () => [
  ...['token', 'request', '--token-endpoint', `${server.origin}/token`],
  ...['--client', 'billing', '--audience', AUDIENCE],
];

describe('token request', () => {
  test('requests a token that is bound to the key in --dpop-key', async () => {
    server.nonces.token = 'n1';
    await run(['dpop-key', 'create']);
    const args = [...source(), '--scope', 'read', '--dpop-key', 'dpop.jwk'];
    const result = await runJson(args, 'sk-1\n');

    expect(result).toEqual({ access_token: 't1', token_type: 'DPoP', expires_in: 300 });
    const [, request] = server.tokenRequests;
    expect(request?.authorization).toBe(`Basic ${Buffer.from('billing:sk-1').toString('base64')}`);
    expect(new URLSearchParams(request?.body).get('scope')).toBe('read');
  });

  test('reads the API key from a private file, and prints the token', async () => {
    await run(['dpop-key', 'create']);
    await writeFile(join(directory(), 'key.txt'), 'sk-2\n', { mode: 0o600 });
    const { code, out } = await run([...source(), ...['--secret-file', 'key.txt', '--dpop-key', 'dpop.jwk']]);

    expect([code, out]).toEqual([0, 't1']);
    expect(server.tokenRequests[0]?.authorization).toBe(
      `Basic ${Buffer.from('billing:sk-2').toString('base64')}`,
    );
  });

  test('signs an assertion with --client-key', async () => {
    await run(['dpop-key', 'create']);
    await run(['api-key', 'create', 'billing', '--key-pair', '--out', 'billing.jwk']);
    const args = ['--client-key', 'billing.jwk', '--issuer', ISSUER, '--dpop-key', 'dpop.jwk'];
    const { code } = await run([...source(), ...args]);

    expect(code).toBe(0);
    expect(server.tokenRequests[0]?.body).toContain('client_assertion=');
    expect(server.tokenRequests[0]?.authorization).toBe('');
  });

  test('ends with 1 and the error code if the endpoint rejects the request', async () => {
    const { code, out, notes } = await run(source(), 'sk-canary');

    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain('responded with 400 invalid_dpop_proof');
    expect(notes).not.toContain('sk-canary');
  });

  test.each([
    ['an empty API key', [], ' \n'],
    ['--client-key without --issuer', ['--client-key', 'billing.jwk'], ''],
    ['--client-key with --secret-file', ['--client-key', 'a', '--secret-file', 'b'], ''],
    ['a token endpoint without TLS', ['--token-endpoint', 'http://auth.example.com/token'], 'sk-1'],
  ])('rejects %s as an invalid call', async (_case, args, input) => {
    expect((await run([...source(), ...args], input)).code).toBe(2);
    expect(server.tokenRequests).toEqual([]);
  });
});
