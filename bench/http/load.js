import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import autocannon from 'autocannon';
import { answerParent } from './child.js';

/** How often autocannon looks whether it is done, in milliseconds. */
const LOOK_MS = 50;

/** The lines of each file that requests were taken from. */
const files = new Map();

answerParent(sendRequests);

/**
 * Sends requests, each connection its own share of them, and takes the time from the first answer to the last.
 * @param {{ url: string, requestsFile: string, amount: number, connections: number }} question
 */
async function sendRequests({ url, requestsFile, amount, connections }) {
  const requests = await readRequests(requestsFile);
  const share = Math.max(1, Math.floor(requests.length / connections));
  let [started, ended, refused, clients] = [0, 0, 0, 0];
  const load = autocannon({
    url,
    amount,
    connections,
    sampleInt: LOOK_MS,
    setupClient(client) {
      const first = (clients * share) % requests.length;
      clients += 1;
      client.setRequests(requests.slice(first, first + share));
      client.on('response', (status) => {
        ended = performance.now();
        if (started === 0) started = ended;
        if (status !== 200) refused += 1;
      });
    },
  });
  const { errors, timeouts } = await load;
  if (refused + errors + timeouts > 0) {
    throw new Error(`${refused} refused, ${errors} errors, ${timeouts} timeouts of ${amount} at ${url}`);
  }
  return (amount - 1) / ((ended - started) / 1000);
}

/** @param {string} path of a file with a request, as autocannon takes it, in JSON on each line */
async function readRequests(path) {
  const known = files.get(path);
  if (known !== undefined) return known;
  const requests = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  files.set(path, requests);
  return requests;
}
