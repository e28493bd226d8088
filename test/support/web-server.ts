import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithPackages } from './describe-with-packages.js';
import { findFreePort } from './processes.js';
import { untilAccepting } from './until-accepting.js';

// Debian has servers in a directory that is not in the PATH of all users.
const PATH = `${process.env['PATH']}:/usr/sbin`;

/** Start of a web server, by its program. */
interface Kind {
  readonly program: string;
  /** Debian packages. */
  readonly packages: string;
  /** Arguments that print the version. */
  readonly version: readonly string[];
  /** Files that must exist, for example modules. */
  readonly files: readonly string[];
  readonly arguments: (configuration: string) => readonly string[];
  /** Signal that ends it without waiting for its connections. */
  readonly end: NodeJS.Signals;
  /** Directives that let an unprivileged user run it, with all files in a directory, around those of a recipe. */
  readonly wrap: (directory: string, configuration: string) => string;
}

export const NGINX: Kind = {
  program: 'nginx',
  packages: 'nginx',
  version: ['-v'],
  files: [],
  arguments: (configuration) => ['-e', `${configuration}.error.log`, '-c', configuration],
  end: 'SIGTERM',
  wrap: (directory, configuration) => `
daemon off;
pid ${directory}/pid;
error_log ${directory}/configuration.error.log;
worker_processes 1;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
${configuration}
}
`,
};

export const CADDY: Kind = {
  program: 'caddy',
  packages: 'caddy',
  version: ['version'],
  files: [],
  arguments: (configuration) => ['run', '--adapter', 'caddyfile', '--config', configuration],
  end: 'SIGKILL',
  wrap: (directory, configuration) => `
{
	admin off
	auto_https off
	storage file_system ${directory}
}
${configuration}
`,
};

const APACHE_MODULES = '/usr/lib/apache2/modules';

const COMMON_MODULES = [
  'mpm_event',
  'authn_core',
  'authz_core',
  'headers',
  'setenvif',
  'proxy',
  'proxy_http',
];

/** Apache with one authentication module, for example `auth_openidc`. */
export function apacheWith(module: string, packages: string): Kind {
  const fileOf = (name: string) => `${APACHE_MODULES}/mod_${name}.so`;
  const loaded = [...COMMON_MODULES, module];
  return {
    program: 'apache2',
    packages,
    version: ['-v'],
    files: loaded.map(fileOf),
    arguments: (configuration) => ['-D', 'FOREGROUND', '-f', configuration],
    end: 'SIGTERM',
    wrap: (directory, configuration) => `
ServerRoot ${directory}
DefaultRuntimeDir ${directory}
PidFile ${directory}/pid
ErrorLog ${directory}/configuration.error.log
Mutex file:${directory}
${loaded.map((name) => `LoadModule ${name}_module ${fileOf(name)}`).join('\n')}
ServerName localhost
ServerLimit 1
StartServers 1
ThreadsPerChild 16
MaxRequestWorkers 16
${configuration}
`,
  };
}

/** Run tests that need a web server. Without it, print the skipped tests. */
export function describeWithWebServer(
  { program, packages, version, files }: Kind,
  name: string,
  tests: () => void,
): void {
  const runs = spawnSync(program, version, { env: { PATH } }).error === undefined;
  const areInstalled = runs && files.every((file) => existsSync(file));
  describeWithPackages({ packages, areInstalled }, name, tests);
}

/** A web server on loopback, with its files in a directory that is removed afterwards. */
export interface WebServer {
  readonly port: number;
  readonly origin: string;
  readErrors(): Promise<string>;
  close(): Promise<void>;
}

/** Replacements of a configuration, for example of the ports in the documentation. */
export type Replacements = Readonly<Record<string, string | number>>;

/**
 * Start a web server with the configuration of a page. Every string to replace must occur in it.
 *
 * @param replacements strings that are replaced. `PORT` stands for the port of the web server
 */
export async function startWebServer(
  kind: Kind,
  configuration: string,
  replacements: Replacements,
  environment: Readonly<Record<string, string>> = {},
): Promise<WebServer> {
  const directory = await mkdtemp(join(tmpdir(), `passport-jwe-${kind.program}-`));
  const port = await findFreePort();
  const file = join(directory, 'configuration');
  await writeFile(file, kind.wrap(directory, replaceAll(configuration, replacements, port)));
  const owner = await giveAway(directory);
  const child = spawn(kind.program, kind.arguments(file), {
    cwd: directory,
    env: { PATH, HOME: directory, ...environment },
    stdio: 'pipe',
    ...owner,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const readErrors = async () => output + (await readFile(`${file}.error.log`, 'utf8').catch(() => ''));

  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill(kind.end);
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilAccepting(port, child);
  } catch (cause) {
    const errors = await readErrors();
    await close();
    throw new Error(`${kind.program} does not start: ${errors}`, { cause });
  }
  return { port, origin: `http://127.0.0.1:${port}`, readErrors, close };
}

function replaceAll(configuration: string, replacements: Replacements, port: number): string {
  let replaced = configuration;
  for (const [from, to] of Object.entries(replacements)) {
    if (!replaced.includes(from)) throw new Error(`The configuration does not contain ${from}`);
    replaced = replaced.replaceAll(from, String(to).replace('PORT', String(port)));
  }
  return replaced;
}

/** Give a directory to the user of web servers, if the tests run as root: these servers do not need its privileges. */
async function giveAway(directory: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const idOf = (option: string) => Number(execFileSync('id', [option, 'www-data'], { encoding: 'utf8' }));
  const [uid, gid] = [idOf('-u'), idOf('-g')];
  for (const path of [directory, join(directory, 'configuration')]) await chown(path, uid, gid);
  return { uid, gid };
}
