import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeOn, SERVER_CORE } from '../pin-process.js';

/** @typedef {import('../measure.js').Subject} Subject */

const run = promisify(execFile);

const BENCH = fileURLToPath(new URL('..', import.meta.url));

/** From here, `express` resolves to the version that passport-jwe imports, as in an application. */
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

const BYTES_PER_MB = 2 ** 20;

/**
 * Imports packages in separate processes, each on one core: the cold start of a serverless function. On two cores, the time
 * would depend on whether other programs use the second one.
 * @returns {import('../measure.js').Scenario}
 */
export function createImportScenario() {
  return {
    name: 'import',
    subjects: [
      importing('passport-jwt + jsonwebtoken', ['passport-jwt', 'jsonwebtoken'], { from: BENCH }),
      importing('passport-jwe/accept', ['passport-jwe/accept'], { from: PACKAGE }),
      importing('passport-jwe after Express', ['passport-jwe'], { from: PACKAGE, before: ['express'] }),
    ],
  };
}

/**
 * @param {string} name
 * @param {readonly string[]} packages
 * @param {{ from: string, before?: readonly string[] }} process the folder to resolve packages from, and the packages
 *   that the process has already imported
 * @returns {Subject}
 */
function importing(name, packages, { from, before = [] }) {
  const load = (names) => names.map((each) => `await import(${JSON.stringify(each)});`).join('\n');
  const program = `
    ${load(before)}
    const memory = process.memoryUsage().rss;
    const start = performance.now();
    ${load(packages)}
    const ms = performance.now() - start;
    const MB = (process.memoryUsage().rss - memory) / ${BYTES_PER_MB};
    console.log(JSON.stringify({ ms, MB }));`;
  const [command, args] = nodeOn(SERVER_CORE);
  return {
    name,
    async sample() {
      const { stdout } = await run(command, [...args, '--input-type=module', '--eval', program], {
        cwd: from,
      });
      return JSON.parse(stdout);
    },
  };
}
