import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** Core of the measured server. */
export const SERVER_CORE = 0;

/** Core of the load generator, and of the other programs that serve it. */
export const LOAD_CORE = 1;

/** Whether processes can be pinned to a core each, so that a server and its load do not share one. */
export const PINNED = cpus().length > 1 && spawnSync('taskset', ['--version']).status === 0;

/**
 * Returns the command that runs Node.js on one core, or on any core if processes cannot be pinned.
 * @param {number} core
 * @returns {[command: string, args: readonly string[]]}
 */
export function nodeOn(core) {
  return PINNED ? ['taskset', ['--cpu-list', String(core), process.execPath]] : [process.execPath, []];
}

/** Attempts to move all threads of this process. `taskset` fails if one of them ends meanwhile. */
const ATTEMPTS = 5;

/**
 * Moves this process, which generates load, to the core of the load.
 * @returns a function that allows all cores again
 */
export function pinThisProcess() {
  if (!PINNED) return () => {};
  moveThisProcess(String(LOAD_CORE));
  return () => moveThisProcess(`0-${cpus().length - 1}`);
}

/** @param {string} cores */
function moveThisProcess(cores) {
  const args = ['--all-tasks', '--cpu-list', '--pid', cores, String(process.pid)];
  for (let attempt = 1; ; attempt += 1) {
    const { status, stderr } = spawnSync('taskset', args);
    if (status === 0) return;
    if (attempt === ATTEMPTS) throw new Error(`taskset failed: ${stderr}`);
  }
}
