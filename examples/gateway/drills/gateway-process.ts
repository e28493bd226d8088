import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from './find-free-port.js';
import { type RunningProgram, startCommand, untilAnswering } from './start-command.js';

export type Environment = Readonly<Record<string, string>>;

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Built gateway. */
const GATEWAY = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** Gateway process with a fixed port, which can be restarted. */
export interface GatewayProcess {
  readonly origin: string;
  /** Whether the load balancer sends requests to the gateway. */
  readonly isInRotation: boolean;
  /** Returns the log since the last start. */
  output(): string;
  /** Starts the process. Resolves once `/readyz` answers 200. */
  start(): Promise<void>;
  /** Removes the gateway from rotation and ends the process by SIGTERM, like an upgrade. */
  stop(): Promise<void>;
  /** Ends the process by SIGKILL, like a crash. The load balancer does not notice. */
  kill(): Promise<void>;
}

/** Options of `createGatewayProcess()`. */
export interface GatewayProcessOptions {
  /** File with lines `NAME=value`, read at each start. */
  readonly settingsFile: string;
  /** Settings that differ between gateways. */
  readonly settings: Environment;
  /**
   * Command before `node`, for example `['nice', '-n', '5']`.
   *
   * @default []
   */
  readonly wrapper?: readonly string[];
}

/** Creates a gateway process without starting it. */
export async function createGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const { settingsFile, settings, wrapper = [] } = options;
  const port = await findFreePort();
  const origin = `http://127.0.0.1:${port}`;
  let program: RunningProgram | undefined;
  let isInRotation = false;

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    program?.process.kill(signal);
    await program?.ended;
  };

  return {
    origin,
    get isInRotation() {
      return isInRotation;
    },
    output: () => program?.output() ?? '',
    async start() {
      const { PATH = '' } = process.env;
      const shared = parseSettings(await readFile(settingsFile, 'utf8'));
      const environment = { PATH, PORT: String(port), ...shared, ...settings };
      const [command = process.execPath, ...args] = [...wrapper, process.execPath, GATEWAY];
      program = startCommand([command, ...args], environment, ROOT);
      await untilAnswering(program, `${origin}/readyz`, (status) => status === 200);
      isInRotation = true;
    },
    async stop() {
      isInRotation = false;
      await end('SIGTERM');
    },
    kill: () => end('SIGKILL'),
  };
}

function parseSettings(text: string): Environment {
  const lines = text.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** Formats settings as lines `NAME=value`. */
export function formatSettings(settings: Environment): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
