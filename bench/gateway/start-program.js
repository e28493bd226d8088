import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { LOAD_CORE, nodeOn } from '../pin-process.js';

/**
 * A program that runs in a separate process.
 * @typedef {object} Program
 * @property {readonly string[]} urls URLs that the program printed at its start, one in each line
 * @property {() => Promise<void>} end
 */

/**
 * Starts a program, and waits until it has printed its URLs.
 * @param {readonly string[]} args of Node.js
 * @param {{ urls?: number, env?: Record<string, string>, stderr?: number | 'inherit', core?: number }} [options] `stderr`
 *   is a file descriptor. `urls` is the number of URLs to wait for.
 * @returns {Promise<Program>}
 */
export async function startProgram(
  args,
  { urls: wanted = 1, env = {}, stderr = 'inherit', core = LOAD_CORE } = {},
) {
  const { PATH } = process.env;
  const [command, before] = nodeOn(core);
  const child = spawn(command, [...before, ...args], {
    env: { PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', stderr],
  });
  const exited = once(child, 'exit');
  const urls = [];
  for await (const line of createInterface(child.stdout)) {
    urls.push(...(/ on (http:\S+)/.exec(line)?.slice(1) ?? []));
    if (urls.length === wanted) break;
  }
  if (urls.length < wanted) throw new Error(`${args.at(-1)} ended before it served requests`);
  child.stdout.resume();
  return {
    urls,
    pid: child.pid,
    async end() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
