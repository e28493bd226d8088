import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cycle } from '../subjects.js';
import { startChild } from './child.js';

/** Requests per sample: half a second at 12 000 requests per second. */
export const AMOUNT = 6400;
export const CONNECTIONS = 32;

const SERVER_CORE = 0;
const LOAD_CORE = 1;

/**
 * An application under load.
 * @typedef {object} Candidate
 * @property {string} name
 * @property {string} app in apps.js
 * @property {string} [program] that serves the application. Default: `serve.js`.
 * @property {readonly object[]} [requests] in the format of autocannon; each sample continues where the previous one
 *   ended
 * @property {(count: number, url: string) => Promise<readonly object[]>} [createRequests] creates the requests of a
 *   sample before its measurement, if a request can be sent only once
 * @property {number} [instances] number of processes that share the load. Default: 1.
 */

/**
 * Measures applications over HTTP, each in a process on one core, with the load from a process on another core.
 * @param {string} name
 * @param {readonly Candidate[]} candidates
 * @param {import('./apps.js').Material} material
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createLoadTest(name, candidates, material) {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-bench-'));
  const load = await startChild('load.js', LOAD_CORE);
  const children = [load];
  const subjects = [];
  for (const { instances = 1, program = 'serve.js', ...candidate } of candidates) {
    const servers = await startServers(program, instances);
    children.push(...servers);
    const question = { ask: 'start', app: candidate.app, material };
    const url = await Promise.all(servers.map((server) => server.ask(question)));
    const requestsFile = join(directory, String(subjects.length));
    subjects.push(createSubject({ ...candidate, servers, load, url, requestsFile }));
  }
  return {
    name,
    subjects,
    async dispose() {
      await Promise.all(children.map((child) => child.end()));
      await rm(directory, { recursive: true });
    },
  };
}

/**
 * @param {string} program
 * @param {number} count
 */
function startServers(program, count) {
  return Promise.all(Array.from({ length: count }, () => startChild(program, SERVER_CORE)));
}

/** @returns {import('../measure.js').Subject} */
function createSubject({ name, requests, createRequests, servers, load, url, requestsFile }) {
  const listRequests = createRequests ?? listInTurn(requests);
  const cpuMicroseconds = async () => {
    const each = await Promise.all(servers.map((server) => server.ask({ ask: 'cpuMicroseconds' })));
    return each.reduce((sum, used) => sum + used, 0);
  };
  return {
    name,
    async sample() {
      const lines = (await listRequests(AMOUNT, url[0])).map((request) => JSON.stringify(request));
      await writeFile(requestsFile, lines.join('\n'));
      const before = await cpuMicroseconds();
      const rate = await load.ask({ url, requestsFile, amount: AMOUNT, connections: CONNECTIONS });
      return { 'req/s': rate, 'µs CPU/req': ((await cpuMicroseconds()) - before) / AMOUNT };
    },
  };
}

/**
 * Returns requests in turn, each at most once in a sample.
 * @param {readonly object[]} requests
 * @returns {Candidate['createRequests']}
 */
function listInTurn(requests) {
  const next = cycle(requests);
  return async (count) => Array.from({ length: Math.min(count, requests.length) }, next);
}
