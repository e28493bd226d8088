import { once } from 'node:events';
import { createServer } from 'node:http';
import { APPS } from './apps.js';
import { answerParent } from './child.js';

/** What makes the application that is measured, and the one that answers now. */
let create;
let app;

const server = createServer((req, res) => app(req, res));

answerParent(({ ask, ...question }) => ({ start, renew, cpuMicroseconds })[ask](question));

/**
 * @param {{ app: string, material: import('./apps.js').Material }} question
 * @returns the URL
 */
async function start({ app: name, material }) {
  create = await APPS[name](material);
  await renew();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

/** Begins anew, so that every token is new to the application. */
async function renew() {
  app = await create();
  globalThis.gc();
}

/** What this process has used so far. */
function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
