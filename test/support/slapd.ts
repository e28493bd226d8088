import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LdapDirectoryOptions } from 'passport-jwe/ldap';
import { describeWithPackages } from './describe-with-packages.js';
import { findFreePort } from './processes.js';
import {
  ADMIN_DN,
  ADMIN_PASSWORD,
  BASE,
  configureSlapd,
  GROUPS,
  PEOPLE,
  SERVICE_DN,
  SERVICE_PASSWORD,
  type SlapdSettings,
} from './slapd-configuration.js';
import { untilAccepting } from './until-accepting.js';

export type { SlapdSettings } from './slapd-configuration.js';
export { GROUPS, PEOPLE, SERVICE_DN, SERVICE_PASSWORD, SUFFIX } from './slapd-configuration.js';

// Debian has slapd in a directory that is not in the PATH of all users.
const PATH = `${process.env['PATH']}:/usr/sbin`;
const areInstalled = spawnSync('slapd', ['-VV'], { env: { PATH } }).error === undefined;

/** Run tests that need `slapd`. Without it, print the skipped tests. */
export function describeWithSlapd(name: string, tests: () => void): void {
  describeWithPackages({ packages: 'slapd ldap-utils', areInstalled }, name, tests);
}

/** A `slapd` process on loopback, with its own configuration and database. */
export interface Slapd {
  /** Port for `ldap:` and StartTLS. */
  readonly port: number;
  /** Port for `ldaps:`. */
  readonly tlsPort: number;
  /** Options of a directory on the port without TLS. */
  readonly options: LdapDirectoryOptions;
  /** Replace the file with the password of the service account. */
  writePassword(password: string, mode?: number): Promise<void>;
  /** Add and change entries as the administrator, by LDIF. */
  modify(ldif: string): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Start it again on the same ports and database. Resolves once it accepts connections. */
  start(): Promise<void>;
  /** Number of TCP connections of clients. */
  countConnections(): Promise<number>;
  dispose(): Promise<void>;
}

function hasRunningThread(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).some(
    (thread) => !/\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')),
  );
}

export async function startSlapd(settings: SlapdSettings = {}): Promise<Slapd> {
  const { certificate, entries = '' } = settings;
  const [port, tlsPort] = [await findFreePort(), await findFreePort()];
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-slapd-'));
  const configuration = join(directory, 'slapd.conf');
  const bindPasswordFile = join(directory, 'password');
  const run = (program: string, ...args: readonly string[]) =>
    promisify(execFile)(program, args, { env: { PATH } });
  const write = (name: string, text: string, mode = 0o600) =>
    writeFile(join(directory, name), text, { mode, flag: 'w' });

  await mkdir(join(directory, 'data'));
  await write('slapd.conf', configureSlapd(directory, settings));
  await write('password', SERVICE_PASSWORD);
  await write('base.ldif', BASE);
  await run('slapadd', '-q', '-f', configuration, '-l', join(directory, 'base.ldif'));

  let child: ChildProcess | undefined;
  const urls = `ldap://127.0.0.1:${port}${certificate === undefined ? '' : ` ldaps://127.0.0.1:${tlsPort}`}`;

  const slapd: Slapd = {
    port,
    tlsPort,
    options: {
      url: `ldap://127.0.0.1:${port}`,
      ...{ bindDn: SERVICE_DN, bindPasswordFile, baseDn: PEOPLE },
    },
    async writePassword(password, mode = 0o600) {
      await rm(bindPasswordFile);
      await write('password', password, mode);
    },
    async modify(ldif) {
      await write('change.ldif', ldif);
      const account = ['-x', '-D', ADMIN_DN, '-w', ADMIN_PASSWORD];
      const server = ['-H', `ldap://127.0.0.1:${port}`];
      // Relax allows changes of operational attributes.
      await run(
        'ldapmodify',
        '-a',
        ...account,
        ...server,
        '-e',
        'relax',
        '-f',
        join(directory, 'change.ldif'),
      );
    },
    signal(signal) {
      child?.kill(signal);
      // The kernel stops threads one after the other. Meanwhile, the server could respond.
      while (signal === 'SIGSTOP' && child?.pid !== undefined && hasRunningThread(child.pid));
    },
    async kill(signal = 'SIGKILL') {
      if (child === undefined || child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
      child = undefined;
    },
    async start() {
      child = spawn('slapd', ['-d', '0', '-f', configuration, '-h', urls], {
        stdio: 'ignore',
        env: { PATH },
      });
      await untilAccepting(port, child);
    },
    async countConnections() {
      const { stdout } = await run(
        'ss',
        '-Htn',
        'state',
        'established',
        `( sport = :${port} or sport = :${tlsPort} )`,
      );
      return stdout.split('\n').filter((line) => line !== '').length;
    },
    async dispose() {
      await slapd.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await slapd.start();
    // Overlays ignore the entries of slapadd.
    if (entries !== '') await slapd.modify(entries);
    return slapd;
  } catch (failure) {
    await slapd.dispose();
    throw failure;
  }
}

/** Run on a slapd, and remove it afterwards. */
export async function withSlapd(
  settings: SlapdSettings,
  run: (slapd: Slapd) => Promise<void>,
): Promise<void> {
  const slapd = await startSlapd(settings);
  try {
    await run(slapd);
  } finally {
    await slapd.dispose();
  }
}

/** LDIF of a person. */
export function person(
  uid: string,
  { password = `password of ${uid}`, parent = PEOPLE, more = '' } = {},
): string {
  const encoded = Buffer.from(password).toString('base64');
  const names = `cn: ${uid}\nsn: ${uid}\nuid: ${uid}\nmail: ${uid}@example.com`;
  return `dn: uid=${uid},${parent}\nobjectClass: inetOrgPerson\n${names}\nuserPassword:: ${encoded}\n${more}\n`;
}

/** LDIF of a change of an entry. */
export function change(dn: string, ...lines: readonly string[]): string {
  return `dn: ${dn}\n${lines.join('\n')}\n\n`;
}

/** LDIF of a group. */
export function group(cn: string, ...members: readonly string[]): string {
  const lines = members.map((member) => `member: ${member}\n`);
  return `dn: cn=${cn},${GROUPS}\nobjectClass: groupOfNames\ncn: ${cn}\n${lines.join('')}\n`;
}
