import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.js';

/** Requests of a sample; half a second at 12 000 a second. */
const AMOUNT = 6400;
const CONNECTIONS = 32;

const SERVER_CORE = 0;
const LOAD_CORE = 1;

/**
 * One application under load.
 * @typedef {object} Candidate
 * @property {string} name
 * @property {string} app in apps.js
 * @property {readonly object[]} requests that are sent in turn, as autocannon takes them
 * @property {boolean} renewed whether the application begins anew for each sample
 */

/**
 * Applications that are measured over HTTP, each in a process on one core, by a load from a process on the other one.
 * @param {string} name
 * @param {readonly Candidate[]} candidates
 * @param {import('./apps.js').Material} material
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createLoadTest(name, candidates, material) {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-bench-'));
  const load = await startChild('load.js', LOAD_CORE);
  const servers = [];
  const subjects = [];
  for (const candidate of candidates) {
    const server = await startChild('serve.js', SERVER_CORE);
    servers.push(server);
    const url = await server.ask({ ask: 'start', app: candidate.app, material });
    const requestsFile = join(directory, `${subjects.length}`);
    await writeFile(requestsFile, candidate.requests.map((request) => JSON.stringify(request)).join('\n'));
    subjects.push({
      name: candidate.name,
      sample: () => sample({ server, load, url, requestsFile, renewed: candidate.renewed }),
    });
  }
  return {
    name,
    subjects,
    async dispose() {
      await Promise.all([load, ...servers].map((child) => child.end()));
      await rm(directory, { recursive: true });
    },
  };
}

/** @returns {Promise<Record<string, number>>} */
async function sample({ server, load, url, requestsFile, renewed }) {
  if (renewed) await server.ask({ ask: 'renew' });
  const before = await server.ask({ ask: 'cpuMicroseconds' });
  const rate = await load.ask({ url, requestsFile, amount: AMOUNT, connections: CONNECTIONS });
  const used = (await server.ask({ ask: 'cpuMicroseconds' })) - before;
  return { 'req/s': rate, 'µs CPU/req': used / AMOUNT };
}
