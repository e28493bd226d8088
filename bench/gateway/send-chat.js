import { Agent, request } from 'node:http';

/**
 * Sends a chat request over a connection that stays open. Each call sends the same request.
 * @typedef {() => Promise<void>} SendChat
 */

/**
 * @param {string} origin
 * @param {{ token: string, body: Buffer, isStream?: boolean, agent: Agent }} chat
 * @returns {SendChat}
 */
export function createSendChat(origin, { token, body, isStream = false, agent }) {
  const { hostname, port } = new URL(origin);
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': body.length,
    accept: isStream ? 'text/event-stream' : 'application/json',
  };
  const options = { method: 'POST', hostname, port, path: '/v1/chat/completions', headers, agent };
  return () =>
    new Promise((resolve, reject) => {
      const sent = request(options, (answer) => {
        let tail = '';
        answer.on('data', (chunk) => {
          tail = chunk;
        });
        answer.once('error', reject).once('end', () => {
          if (answer.statusCode === 200) resolve();
          else reject(new Error(`${origin} answered with ${answer.statusCode}: ${tail}`));
        });
      });
      sent.once('error', reject).end(body);
    });
}

/** @param {number} connections */
export function keepOpen(connections) {
  return new Agent({ keepAlive: true, maxSockets: connections });
}
