import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { findFreePort, type RunningProgram, startProgram } from '../../support/processes.js';
import { describeWithSlapd } from '../../support/slapd.js';

let program: RunningProgram | undefined;

afterEach(async () => {
  program?.process.kill('SIGKILL');
  await program?.ended;
});

async function start(environment: Readonly<Record<string, string>> = {}): Promise<RunningProgram> {
  const urls = await Promise.all(
    ['ISSUER_URL', 'API_URL', 'APP_URL'].map(async (name) => [name, await findUrl()]),
  );
  program = startProgram('examples/sign-in/main.ts', { ...Object.fromEntries(urls), ...environment });
  return program;
}

async function findUrl(): Promise<string> {
  return `http://127.0.0.1:${await findFreePort()}`;
}

test('npm run sign-in explains which settings are missing', async () => {
  const { ended, output } = await start({ LDAP_URL: 'ldaps://ldap.example.com' });

  expect(await ended).toBe(1);
  expect(output()).toContain('LDAP_BIND_DN is required');
  expect(output()).toContain('apt-get install slapd');
});

describeWithSlapd('npm run sign-in with the demo directory', () => {
  test('starts, and ends with SIGTERM', async () => {
    const app = await findUrl();
    const { process: child, ended, output } = await start({ APP_URL: app });
    while (!output().includes('correct horse')) await once(child.stdout ?? child, 'data');
    expect(output()).toContain(`Open ${app} in a browser.`);
    expect((await fetch(app)).status).toBe(200);
    child.kill('SIGTERM');

    expect(await ended).toBe(0);
  });

  test('ends with an error if a port is in use', async () => {
    const port = await findFreePort();
    const server = createServer().listen(port, '127.0.0.1');
    const { ended, output } = await start({ APP_URL: `http://127.0.0.1:${port}` });

    expect(await ended).toBe(1);
    expect(output()).toContain('EADDRINUSE');
    server.close();
  });
});
