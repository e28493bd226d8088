import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import {
  createGatewayProcess,
  type Environment,
  formatSettings,
  type GatewayProcess,
  ROOT,
} from './gateway-process.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { type RestartServer, startRestartServer } from './restart-server.js';

export const ISSUER = 'https://gateway.example.com';
export const AUDIENCE = 'https://api.example.com';

/** On a busy machine, a command can take longer than the default of 150 ms. */
const REDIS_TIMEOUT_MS = '1000';

/** Options of `startCluster()`. */
export interface ClusterOptions {
  /** Contents of the API key files, by file name. */
  readonly apiKeys: Readonly<Record<string, string>>;
  /** Further settings of all gateways. They replace the defaults. */
  readonly settings?: Environment;
  /**
   * Settings of the store, for example `REDIS_SENTINELS`.
   *
   * @default `REDIS_URL` of a new Redis, without persistence
   */
  readonly store?: Environment;
  /**
   * Settings of the keys, for example `JWE_PASSPHRASE`.
   *
   * @default `JWE_KEYS_FILE` of a new key file
   */
  readonly keys?: Environment;
  /**
   * Number of gateways.
   *
   * @default 2
   */
  readonly size?: number;
  /** Returns the command before `node` of each gateway. Default: none. */
  readonly wrapperOf?: (index: number) => readonly string[];
}

/** Gateways that share a store and API key files, behind a load balancer that removes gateways during restarts. */
export interface Cluster {
  readonly gateways: readonly GatewayProcess[];
  /** Redis of the cluster, unless the option `store` was set. */
  readonly redis: RedisServer | undefined;
  /** Variables for the blocks of runbooks. */
  readonly environment: Environment;
  /** Returns the origins of the gateways in rotation. */
  origins(): readonly string[];
  /** Sets a function to call after the restart of each gateway. Default: none. */
  afterEachRestart(wait: () => Promise<void>): void;
  /** Restarts the gateways one by one, with the settings in the file. */
  restart(): Promise<void>;
  /** Calls a function before the processes end. */
  onEnd(stop: () => Promise<unknown>): void;
  /** Ends all processes. */
  dispose(): Promise<void>;
}

/** Starts gateways with one settings file, one key file and one directory of API keys. */
export async function startCluster(directory: string, options: ClusterOptions): Promise<Cluster> {
  const { apiKeys, settings = {}, store, keys, size = 2, wrapperOf = () => [] } = options;
  const redis = store === undefined ? await startRedis() : undefined;
  const paths = await writeFiles(directory, apiKeys);
  const stored = store ?? { REDIS_URL: redis?.url ?? '' };
  const secrets = keys ?? { JWE_KEYS_FILE: await generateKeys(directory) };
  const shared = { API_KEYS_DIR: paths.API_KEYS_DIR, ...secrets };
  const defaults = { ISSUER, AUDIENCE, TRUST_PROXY: 'loopback', REDIS_TIMEOUT_MS };
  await writeFile(paths.SETTINGS_FILE, formatSettings({ ...defaults, ...shared, ...stored, ...settings }));
  const gateways = await Promise.all(
    Array.from({ length: size }, (_, index) =>
      createGatewayProcess({
        settingsFile: paths.SETTINGS_FILE,
        settings: { ...('DATA_DIR' in stored ? {} : { DATA_DIR: join(directory, `data-${index}`) }) },
        wrapper: wrapperOf(index),
      }),
    ),
  );
  let wait = async (): Promise<void> => undefined;
  const restart = async (): Promise<void> => {
    for (const gateway of gateways) {
      await gateway.stop();
      await gateway.start();
      await wait();
    }
  };
  let restartServer: RestartServer | undefined;
  const stops: (() => Promise<unknown>)[] = [];
  const cluster: Cluster = {
    gateways,
    redis,
    environment: {
      ...{
        ...paths,
        ...stored,
        ...secrets,
        ISSUER,
        AUDIENCE,
        GATEWAY_URLS: gateways.map(({ origin }) => origin).join(' '),
      },
      PATH: `${paths.BIN}${delimiter}${process.env['PATH'] ?? ''}`,
    },
    origins: () => gateways.filter(({ isInRotation }) => isInRotation).map(({ origin }) => origin),
    restart,
    afterEachRestart(next) {
      wait = next;
    },
    onEnd: (stop) => void stops.push(stop),
    async dispose() {
      await Promise.all(stops.map((stop) => stop()));
      await restartServer?.close();
      await Promise.all(gateways.map((gateway) => gateway.kill()));
      await redis?.dispose();
    },
  };
  try {
    restartServer = await startRestartServer(restart);
    await writeCommands(paths.BIN, restartServer.url);
    await Promise.all(gateways.map((gateway) => gateway.start()));
  } catch (error) {
    await cluster.dispose();
    throw error;
  }
  return cluster;
}

/** Command line of the package. */
const COMMAND_LINE = join(ROOT, 'dist/cli/main.js');

async function writeFiles(directory: string, apiKeys: ClusterOptions['apiKeys']) {
  const paths = {
    API_KEYS_DIR: join(directory, 'api-keys'),
    SETTINGS_FILE: join(directory, 'gateway.env'),
    BIN: join(directory, 'bin'),
  };
  await mkdir(paths.API_KEYS_DIR, { recursive: true });
  await mkdir(paths.BIN, { recursive: true });
  for (const [name, content] of Object.entries(apiKeys)) {
    await writeFile(join(paths.API_KEYS_DIR, name), content);
  }
  return paths;
}

async function generateKeys(directory: string): Promise<string> {
  const file = join(directory, 'keys.json');
  await promisify(execFile)(process.execPath, [COMMAND_LINE, 'keys', 'generate', '--keys', file]);
  return file;
}

/** Writes the commands of an installation: `npx passport-jwe`, and `restart-gateways` of the operator. */
async function writeCommands(bin: string, restartUrl: string): Promise<void> {
  const commands = {
    npx: `[ "$1" = passport-jwe ] && shift && exec '${process.execPath}' '${COMMAND_LINE}' "$@"`,
    'restart-gateways': `exec curl -fsS -X POST '${restartUrl}'`,
  };
  for (const [name, command] of Object.entries(commands)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${command}\n`, { mode: 0o755 });
  }
}
