import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';

/**
 * A child process that answers one question at a time.
 * @typedef {object} Child
 * @property {(question: object) => Promise<any>} ask
 * @property {() => Promise<void>} end
 */

/** Whether processes can be pinned to a core each, so that a server and its load do not share one. */
export const PINNED = cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

/**
 * @param {string} program in this directory
 * @param {number} core to run on
 * @returns {Promise<Child>}
 */
export async function startChild(program, core) {
  const node = ['--expose-gc', '--enable-source-maps'];
  const pinned = { execPath: 'taskset', execArgv: ['--cpu-list', String(core), process.execPath, ...node] };
  const child = fork(new URL(program, import.meta.url), PINNED ? pinned : { execArgv: node });
  const ask = async (question) => {
    child.send(question);
    const [{ answer, failure }] = await once(child, 'message');
    if (failure !== undefined) throw new Error(`${program}: ${failure}`);
    return answer;
  };
  return {
    ask,
    async end() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/**
 * Runs in the child: answers each question of the parent, and exits when the parent disconnects.
 * @param {(question: any) => unknown} answerTo
 */
export function answerParent(answerTo) {
  process.on('message', async (question) => {
    try {
      process.send({ answer: (await answerTo(question)) ?? null });
    } catch (error) {
      process.send({ failure: error.stack });
    }
  });
  process.on('disconnect', () => process.exit());
}
