import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { DirectorySettings } from '../settings.js';

/** A directory of two people on loopback. */
export interface DemoDirectory {
  readonly settings: DirectorySettings;
  stop(): Promise<void>;
}

// Debian has slapd in a directory that is not in the PATH of all users.
const ENVIRONMENT = { PATH: `${process.env['PATH']}:/usr/sbin` };

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Start `slapd` with a database in a temporary directory. Returns `undefined` if it is not installed. */
export async function startDemoDirectory(): Promise<DemoDirectory | undefined> {
  if (spawnSync('slapd', ['-VV'], { env: ENVIRONMENT }).error !== undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'sign-in-demo-'));
  const bindPasswordFile = join(directory, 'password');
  const run = { cwd: directory, env: ENVIRONMENT };
  await mkdir(join(directory, 'data'));
  await writeFile(bindPasswordFile, 'service password of the demo', { mode: 0o600 });
  const configuration = ['-f', fileOf('slapd.conf')];
  await promisify(execFile)('slapadd', [...configuration, '-l', fileOf('people.ldif')], run);

  const port = await findFreePort();
  const url = `ldap://127.0.0.1:${port}`;
  const slapd = spawn('slapd', ['-d', '0', ...configuration, '-h', url], { ...run, stdio: 'ignore' });
  while (!(await isListening(port))) {
    if (slapd.exitCode !== null) throw new Error(`slapd ended with ${slapd.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    settings: {
      ldap: {
        ...{ url, bindPasswordFile, bindDn: 'cn=service,dc=example,dc=com' },
        baseDn: 'ou=people,dc=example,dc=com',
        groups: { baseDn: 'ou=groups,dc=example,dc=com' },
        claims: { name: 'cn', email: 'mail' },
      },
      staffGroup: 'cn=staff,ou=groups,dc=example,dc=com',
    },
    async stop() {
      if (slapd.exitCode === null) {
        slapd.kill();
        await once(slapd, 'exit');
      }
      await rm(directory, { recursive: true });
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('No free port');
  return address.port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
