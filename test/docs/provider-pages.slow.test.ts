import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateOkp, generateRsa, generateShared, type JwkPair } from '../support/key-pairs.js';
import { findFreePort, type RunningProgram, startProgram, untilListening } from '../support/processes.js';
import { signInWithAuthJs } from '../support/providers/auth-js.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['auth0', 'okta', 'openiddict', 'oidc-provider', 'auth-js', 'other-providers'];
const SETTINGS = 'test/support/programs/oidc-provider-settings.js';
const AUTH_SECRET = 'vHk3m0pQ8sYtR5uW1xZ4bC7dE2fG6hJ9';

const text = (await Promise.all(PAGES.map(readPage))).join('\n');
const blocks = new Map(
  [...text.matchAll(/<!-- run: (\S+) -->\n```ts\n([\s\S]*?)```/g)].map(([, name = '', code = '']) => [
    name,
    code,
  ]),
);

const SPKI = { type: 'spki', format: 'pem' } as const;

function toPem({ privateJwk }: JwkPair): string | Buffer {
  return createPrivateKey({ key: { ...privateJwk }, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' });
}

function readPage(name: string): Promise<string> {
  return readFile(join(ROOT, 'docs', 'guides', 'providers', `${name}.md`), 'utf8');
}

/** Inside the package, where programs find it by its name as its users do, with the keys that the pages name. */
let directory = '';
const programs: RunningProgram[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(ROOT, 'test', '.readme-providers-'));
  const agreement = generateOkp('x25519');
  const pingam = generateShared('dir', { enc: 'A128CBC-HS256' });
  const quarkus = generateRsa({ kid: 'quarkus', alg: 'RS256' });
  const signer = generateRsa({ kid: 'signer', alg: 'RS256', use: 'sig' });
  const files = {
    'api.pem': toPem(generateRsa()),
    'x25519.pem': toPem(agreement),
    'api-public.pem': createPublicKey({ key: { ...agreement.publicJwk }, format: 'jwk' }).export(SPKI),
    'pingam.jwk': JSON.stringify(pingam),
    'quarkus-public.jwk': JSON.stringify(quarkus.publicJwk),
    'signing-keys.json': JSON.stringify({ keys: [signer.privateJwk] }),
  };
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, name), content, { mode: 0o600 });
});

afterAll(async () => {
  for (const program of programs) program.process.kill('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true });
});

/** Starts a program of a page, and gives its origin. */
async function startBlock(name: string, adapt = (code: string) => code): Promise<string> {
  const file = join(directory, `${name}.mts`);
  await writeFile(file, adapt(blocks.get(name) ?? ''));
  return listen(file, { AUTH_SECRET });
}

async function listen(file: string, environment: Record<string, string>): Promise<string> {
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  const settings = { ISSUER: origin, PORT: String(port), ...environment };
  const program = startProgram(file, settings, { cwd: directory });
  programs.push(program);
  await untilListening(program, port);
  return origin;
}

async function requestToken(issuer: string): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('partner:partner-secret')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'read:documents' }),
  });
  return (await answer.json())['access_token'];
}

describe('the pages of providers', () => {
  test.each(['auth0', 'okta', 'openiddict', 'oidc-provider', 'auth-js', 'quarkus', 'pingam'])(
    'have a program for %s that rejects requests without a token',
    async (name) => {
      const origin = await startBlock(name);

      expect((await fetch(`${origin}/documents`)).status).toBe(401);
    },
  );

  test('publish the public key for Okta', async () => {
    const origin = await startBlock('okta');

    expect(await (await fetch(`${origin}/.well-known/jwks.json`)).json()).toEqual({
      keys: [expect.not.objectContaining({ d: expect.anything() })],
    });
  });

  test('quote the settings of oidc-provider', async () => {
    const [, quoted] = /<!-- file: (\S+) -->\n```js\n[\s\S]*?```/.exec(text) ?? [];

    expect(quoted).toBe(SETTINGS);
    expect(text).toContain(`\`\`\`js\n${await readFile(join(ROOT, SETTINGS), 'utf8')}\`\`\``);
  });

  test('have settings of oidc-provider whose tokens the program accepts', async () => {
    const issuer = await listen(join(ROOT, SETTINGS), { PARTNER_SECRET: 'partner-secret' });
    const keys = `verification: (await import('passport-jwe')).discoverJwks({ issuer: '${issuer}', allowPrivate: true }),`;
    const api = await startBlock('oidc-provider', (code) =>
      code
        .replace('https://auth.example.com', issuer)
        .replace('api.pem', 'x25519.pem')
        .replace('decryption:', `${keys} decryption:`),
    );
    const headers = { authorization: `Bearer ${await requestToken(issuer)}` };
    const answer = await fetch(`${api}/documents`, { headers });

    expect(await answer.json()).toEqual({ documents: [], for: 'partner' });
  });

  test('have a program that accepts the cookies of Auth.js', async () => {
    const claims = { permissions: ['read:documents'] };
    const cookies = await signInWithAuthJs({ secret: AUTH_SECRET, claims });
    const origin = await startBlock('auth-js');
    const answer = await fetch(`${origin}/documents`, { headers: { cookie: cookies.header() } });

    expect(await answer.json()).toEqual({ documents: [], for: 'alice' });
  });
});
