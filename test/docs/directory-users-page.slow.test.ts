import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { createKeyRing, createTokenVerifier } from 'passport-jwe';
import { createCertificateAuthority } from '../support/certificate-authority.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, startProgram, untilListening } from '../support/processes.js';
import {
  describeWithSlapd,
  group,
  PEOPLE,
  person,
  SERVICE_DN,
  type Slapd,
  startSlapd,
} from '../support/slapd.js';
import { secretOf } from '../support/tokens.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const blocks = await readPageBlocks(new URL('../../docs/guides/directory.md', import.meta.url));
const secret = secretOf(9).toString('hex');

const verifier = createTokenVerifier({
  keyRing: await createKeyRing({ current: { secret } }),
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
});

describeWithSlapd('docs/guides/directory.md', () => {
  test('shows a token endpoint for people, with their groups and states at each refresh', async () => {
    await withEndpoint(async ({ slapd, origin, runShell }) => {
      const body: Tokens = JSON.parse(
        await runShell(String(blocks.get('directory-curl')).replace('https://auth.example.com', origin)),
      );
      const refresh = async (token: string): Promise<Tokens> => {
        const response = await fetch(`${origin}/oauth/token`, {
          method: 'POST',
          headers: { Authorization: `Basic ${Buffer.from('portal:sk-portal').toString('base64')}` },
          body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
        });
        return response.json();
      };
      const { claims, scope } = await verifier.verify(body.access_token);

      expect(claims).toMatchObject({
        sub: expect.stringMatching(/^corp:[0-9a-f-]{36}$/),
        email: 'alice@example.com',
      });
      expect([...scope]).toEqual(['read:documents']);
      const next = await refresh(body.refresh_token);
      expect(next.scope).toContain('read:documents');
      await slapd.kill();
      expect(await (await fetch(`${origin}/readyz`)).json()).toEqual({
        checks: { stores: true },
        warnings: expect.any(Array),
      });
      // The cached answer is recent enough.
      expect((await refresh(next.refresh_token)).scope).toContain('read:documents');
    });
  }, 60_000);

  test('shows commands that check the configuration and print a person', async () => {
    await withEndpoint(async ({ adapt, runShell }) => {
      const cli = `${process.execPath} --import tsx ${join(ROOT, 'src/cli/main.ts')}`;
      const commands = adapt(String(blocks.get('directory-check')))
        .replace(/--url ldaps:\/\/127.0.0.1:1 /, '')
        .replaceAll('npx passport-jwe', cli);
      const output = await runShell(`cd ${ROOT}\n${commands}`);

      expect(output).toMatch(/ldaps:\/\/localhost:\d+ +mail +ok/);
      expect(output).toMatch(/^subject: corp:[0-9a-f-]{36}$/m);
      expect(output).toMatch(/^scope: read:documents$/m);
    });
  }, 60_000);
});

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly scope: string;
}

interface Endpoint {
  readonly slapd: Slapd;
  readonly origin: string;
  /** Replaces the names of the page with those of the test. */
  adapt(code: string): string;
  /** Runs commands with the API key in the environment, and returns their output. */
  runShell(commands: string): Promise<string>;
}

/** Starts the token endpoint of the page, and runs a function with it. */
async function withEndpoint(use: (endpoint: Endpoint) => Promise<void>): Promise<void> {
  const authority = await createCertificateAuthority();
  const entries = person('alice') + group('staff', `uid=alice,${PEOPLE}`);
  const slapd = await startSlapd({ certificate: await authority.issue(), entries });
  const directory = await mkdtemp(join(ROOT, 'test', '.readme-directory-'));
  const adapt = (code: string): string =>
    code
      .replaceAll('ldaps://ldap1.example.com', 'ldaps://127.0.0.1:1')
      .replaceAll('ldaps://ldap2.example.com', `ldaps://localhost:${slapd.tlsPort}`)
      .replace('/etc/ssl/certs/corp-ca.pem', authority.caFile)
      .replace('/run/secrets/ldap-password', slapd.options.bindPasswordFile)
      .replace('cn=sign-in,ou=services,dc=example,dc=com', SERVICE_DN);
  await mkdir(join(directory, 'api-keys'));
  await writeFile(join(directory, 'api-keys', 'portal.yaml'), String(blocks.get('directory-key')));
  await writeFile(join(directory, 'users.mts'), adapt(String(blocks.get('directory-users'))));
  const port = await findFreePort();
  const environment = { PORTAL_API_KEY: 'sk-portal', API_KEYS_DIR: join(directory, 'api-keys') };
  const program = startProgram(
    join(directory, 'users.mts'),
    { ...environment, JWE_KEY: secret, PORT: String(port) },
    { cwd: directory },
  );
  try {
    await untilListening(program, port);
    await use({
      ...{ slapd, adapt, origin: `http://127.0.0.1:${port}` },
      async runShell(commands) {
        const env = { ...environment, PATH: process.env['PATH'] };
        return (await promisify(execFile)('sh', ['-ec', commands], { env })).stdout;
      },
    });
  } finally {
    program.process.kill('SIGKILL');
    await program.ended;
    await slapd.dispose();
    await authority.dispose();
    await rm(directory, { recursive: true });
  }
}
