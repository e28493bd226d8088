import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';

/**
 * A program of its own that is asked things, one at a time.
 * @typedef {object} Child
 * @property {(question: object) => Promise<any>} ask
 * @property {() => Promise<void>} end
 */

/** Whether programs can be kept on one core each, so that a server and its load do not take turns on one. */
export const PINNED = cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

/**
 * @param {string} program beside this file
 * @param {number} core where it runs
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
 * The other side: answers each question of the parent, and ends when the parent lets go.
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
