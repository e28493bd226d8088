import { once } from 'node:events';
import { createServer } from 'node:http';
import { APPS } from './apps.js';
import { answerParent } from './child.js';

answerParent(({ ask, ...question }) => ({ start, cpuMicroseconds })[ask](question));

/**
 * @param {{ app: string, material: import('./apps.js').Material }} question
 * @returns the URL
 */
async function start({ app, material }) {
  const server = createServer(await APPS[app](material));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

/** CPU time that this process has used. */
function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
