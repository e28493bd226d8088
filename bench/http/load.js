import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import autocannon from 'autocannon';
import { answerParent } from './child.js';

/** Where a request gets the refresh token that the one before it on the same connection was answered. */
const REFRESH_TOKEN = '{refresh_token}';

/** How often autocannon looks whether it is done, in milliseconds. */
const LOOK_MS = 50;

answerParent(sendRequests);

/**
 * Sends requests, each connection its own share of them in turn, and takes the time from the first answer to the last.
 * @param {{ url: string[], requestsFile: string, amount: number, connections: number }} question where the file has a
 *   request on each line, in JSON as autocannon takes it
 * @returns requests a second
 */
async function sendRequests({ url, requestsFile, amount, connections }) {
  const requests = (await readFile(requestsFile, 'utf8')).split('\n').map((line) => JSON.parse(line));
  const share = Math.max(1, Math.floor(requests.length / connections));
  let [started, ended, refused, clients] = [0, 0, 0, 0];
  const { errors, timeouts } = await autocannon({
    url,
    amount,
    connections,
    sampleInt: LOOK_MS,
    setupClient(client) {
      const first = (clients * share) % requests.length;
      clients += 1;
      client.setRequests(requests.slice(first, first + share).map(complete));
      client.on('response', (status) => {
        ended = performance.now();
        if (started === 0) started = ended;
        if (status !== 200) refused += 1;
      });
    },
  });
  if (refused + errors + timeouts > 0) {
    throw new Error(`${refused} refused, ${errors} errors, ${timeouts} timeouts of ${amount} at ${url}`);
  }
  return (amount - 1) / ((ended - started) / 1000);
}

/** Adds what JSON cannot say: how a request depends on the answer before it. */
function complete(request) {
  if (!request.body?.includes('refresh_token') && !request.body?.includes('offline_access')) return request;
  return {
    ...request,
    setupRequest: (each, context) => ({
      ...each,
      body: each.body.replace(REFRESH_TOKEN, encodeURIComponent(context.refreshToken)),
    }),
    onResponse(_status, body, context) {
      context.refreshToken = JSON.parse(body).refresh_token;
    },
  };
}
