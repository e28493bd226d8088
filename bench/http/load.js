import { readFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import autocannon from 'autocannon';
import { answerParent } from './child.js';

/** Placeholder for the refresh token in the previous response on the same connection. */
const REFRESH_TOKEN = '{refresh_token}';

/** Interval in which autocannon checks whether it is done, in milliseconds. */
const LOOK_MS = 50;

answerParent(sendRequests);

/**
 * Sends requests, distributed over the connections, and measures the time from the first response to the last.
 * @param {{ url: string[], requestsFile: string, amount: number, connections: number }} question `requestsFile` has one
 *   request per line, as JSON in the format of autocannon
 * @returns requests per second
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
    throw new Error(
      `${refused} rejected, ${errors} errors, ${timeouts} timeouts of ${amount} requests at ${url}`,
    );
  }
  return (amount - 1) / ((ended - started) / 1000);
}

/** Adds callbacks, which JSON cannot express: a request may depend on the previous response. */
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
