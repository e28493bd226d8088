import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOAD_CORE, SERVER_CORE } from '../pin-process.js';
import { cycle } from '../subjects.js';
import { startChild } from './child.js';

/** Requests of the first sample, which warms up the application, and maximum of the others. */
export const AMOUNT = 6400;

/** Duration of the other samples, in seconds. */
const SAMPLE_SECONDS = 0.3;

export const CONNECTIONS = 32;

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
 * @property {boolean} [isChain] whether the requests of a connection depend on each other, so that all samples have
 *   `AMOUNT` requests
 * @property {number} [instances] number of processes that share the load. Default: 1.
 */

/**
 * Measures applications over HTTP, each in a process on one core, with the load from a process on another core.
 * @param {string} name
 * @param {readonly Candidate[]} candidates
 * @param {import('./apps.js').Material} material
 * @param {import('../measure.js').Scenario['contains']} [contains]
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createLoadTest(name, candidates, material, contains = {}) {
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
    contains,
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
function createSubject({
  name,
  requests,
  createRequests,
  isChain = false,
  servers,
  load,
  url,
  requestsFile,
}) {
  const listRequests = createRequests ?? listInTurn(requests);
  const cpuMicroseconds = async () => {
    const each = await Promise.all(servers.map((server) => server.ask({ ask: 'cpuMicroseconds' })));
    return each.reduce((sum, used) => sum + used, 0);
  };
  let amount = AMOUNT;
  return {
    name,
    async sample() {
      const lines = (await listRequests(amount, url[0])).map((request) => JSON.stringify(request));
      await writeFile(requestsFile, lines.join('\n'));
      const before = await cpuMicroseconds();
      const rate = await load.ask({ url, requestsFile, amount, connections: CONNECTIONS });
      const sample = { 'req/s': rate, 'µs CPU/req': ((await cpuMicroseconds()) - before) / amount };
      if (!isChain) amount = amountFor(rate);
      return sample;
    },
  };
}

/**
 * Number of requests of a sample: a multiple of the connections, so that each sends the same number.
 * @param {number} rate in requests per second
 */
function amountFor(rate) {
  return Math.min(AMOUNT, CONNECTIONS * Math.ceil((rate * SAMPLE_SECONDS) / CONNECTIONS));
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
