import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AiProject } from './ai-project.js';
import type { AbortOutcome, Behaviours, SeenFailure, ToolOutcome } from './programs/serve-behaviours.js';

/** Values that the behaviours of a client return. */
interface Outcomes extends Record<keyof Behaviours, unknown> {
  readonly text: string;
  readonly stream: readonly string[];
  readonly tools: ToolOutcome;
  readonly streamedTools: ToolOutcome;
  readonly textWith: string;
  readonly abort: AbortOutcome;
  readonly embed: readonly number[];
  readonly token: string;
}

/** Value or failure of a behaviour. The value of a failure is `undefined`, as in the messages. */
export interface Seen<Value> {
  readonly value: Value;
  readonly failure?: SeenFailure;
}

/** Client that runs as a separate process, with the module of the guide. */
export interface AiClient {
  run<Name extends keyof Outcomes>(behaviour: Name, input: string | object): Promise<Seen<Outcomes[Name]>>;
  close(): Promise<void>;
}

/** Starts a program of the project, and waits until it is ready. */
export async function startAiClient(
  { directory }: AiProject,
  program: string,
  environment: Readonly<Record<string, string>>,
): Promise<AiClient> {
  const { PATH = '' } = process.env;
  const child = fork(join(directory, `${program}.ts`), {
    cwd: directory,
    env: { PATH, HOME: directory, ...environment },
    execArgv: [],
    silent: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(() => {
    throw new Error(`The client ended: ${output}`);
  });
  ended.catch(() => {});
  await nextMessage(child, ended);

  return {
    async run(behaviour, input) {
      child.send({ behaviour, input });
      return nextMessage(child, ended);
    },
    async close() {
      child.kill();
      await ended.catch(() => {});
    },
  };
}

async function nextMessage(child: ChildProcess, ended: Promise<never>) {
  const [message] = await Promise.race([once(child, 'message'), ended]);
  return message;
}
