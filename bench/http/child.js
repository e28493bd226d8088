import { fork } from 'node:child_process';
import { once } from 'node:events';
import { nodeOn } from '../pin-process.js';

/**
 * A child process that answers one question at a time.
 * @typedef {object} Child
 * @property {(question: object) => Promise<any>} ask
 * @property {() => Promise<void>} end
 */

/**
 * @param {string} program in this directory
 * @param {number} core to run on
 * @returns {Promise<Child>}
 */
export async function startChild(program, core) {
  const node = ['--expose-gc', '--enable-source-maps'];
  const [execPath, args] = nodeOn(core);
  const child = fork(new URL(program, import.meta.url), { execPath, execArgv: [...args, ...node] });
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
