import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPageBlocks } from '../../support/page-blocks.js';
import { type AgentGateway, type AgentKey, API_KEY, startAgentGateway } from './agent-gateway.js';
import { AI_PACKAGES } from './ai-project.js';

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const PAGE = new URL('../../../docs/guides/ai-clients.md', import.meta.url);

/** Agents end by themselves. This limit is for agents that hang. */
const LIMIT_MS = 25_000;

/** Agent on the command line, after its end. */
export interface AgentRun {
  /** Exit code, or the signal that ended the process. */
  readonly ended: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Agent that runs. */
export interface RunningAgent {
  /** Interrupts the agent as Ctrl+C does. */
  interrupt(): void;
  readonly run: Promise<AgentRun>;
}

/** Program of an agent. Paths are relative to the installed packages. */
export interface AgentCommand {
  readonly kind: 'native' | 'node';
  readonly path: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Home directory of an agent, with its settings, the command `passport-jwe` and a directory to work in. */
export interface AgentHome {
  readonly work: string;
  write(path: string, text: string): Promise<void>;
  /** Starts an agent. It ends with the test at the latest. */
  start(command: AgentCommand, args: readonly string[]): RunningAgent;
  remove(): Promise<void>;
}

/** What the settings of the guide refer to. */
export interface AgentSettings {
  /** Name of the block in the guide. */
  readonly block: string;
  /** Path of the settings in the home directory. */
  readonly path: string;
  /** Changes the settings of the guide. */
  readonly adapt?: (settings: string) => string;
}

const KEY_FILE = '.config/gateway-api-key';

export async function createAgentHome(
  { block, path, adapt = (same) => same }: AgentSettings,
  gatewayUrl: string,
): Promise<AgentHome> {
  const home = await mkdtemp(join(tmpdir(), 'passport-jwe-agent-'));
  const [work, commands] = [join(home, 'work'), join(home, 'bin')];
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(home, file)), { recursive: true });
    await writeFile(join(home, file), text, { mode: 0o600 });
  };
  const settings = adapt((await readPageBlocks(PAGE)).get(block) ?? '');
  await write(path, settings.replaceAll('http://127.0.0.1:3000', gatewayUrl).replaceAll('/home/alice', home));
  await write(KEY_FILE, API_KEY);
  await mkdir(work);
  await mkdir(commands);
  const command = `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`;
  await writeFile(join(commands, 'passport-jwe'), command, { mode: 0o700 });

  return {
    work,
    write,
    start({ kind, path: program, environment }, args) {
      const env = { PATH: `${commands}:${process.env['PATH']}`, HOME: home, ...environment };
      const command = [...(kind === 'node' ? [process.execPath] : []), join(AI_PACKAGES, program), ...args];
      return startAgent(command, { cwd: work, env });
    },
    remove: () => rm(home, { recursive: true, maxRetries: 5 }),
  };
}

/** Starts a gateway and creates the home directory of an agent for one test. */
export async function withAgent(
  key: AgentKey,
  settings: AgentSettings,
  use: (gateway: AgentGateway, home: AgentHome) => Promise<void>,
): Promise<void> {
  const gateway = await startAgentGateway(key);
  const home = await createAgentHome(settings, gateway.origin);
  try {
    await use(gateway, home);
  } finally {
    await home.remove();
    await gateway.close();
  }
}

function startAgent(
  [program = '', ...args]: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): RunningAgent {
  // As the leader of a process group, because agents start processes that would outlive them.
  const child = spawn(program, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  const limit = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, LIMIT_MS);
  const run = new Promise<AgentRun>((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ ended: code ?? signal, ...output });
    });
  });
  return { interrupt: () => void child.kill('SIGINT'), run };
}
