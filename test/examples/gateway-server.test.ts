import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import express, { type Response } from 'express';
import { sendRequest } from '../../examples/gateway/drills/send-request.js';
import { createGatewayServer, type GatewayServer } from '../../examples/gateway/server.js';

const SETTINGS = {
  ...{ host: '127.0.0.1', port: 0, keepAliveTimeoutMs: 65_000 },
  ...{ shutdownDelayMs: 1000, shutdownTimeoutMs: 10_000 },
};

let server: GatewayServer;
let origin: string;
let closed: Promise<number> | undefined;
let held: Response | undefined;

beforeEach(async () => {
  server = createGatewayServer(SETTINGS);
  const app = express();
  app.get('/', (_req, res) => void res.send('answer'));
  app.get('/held', (_req, res) => {
    held = res;
    res.flushHeaders();
  });
  server.serve(app);
  origin = await server.listen();
  closed = undefined;
});

afterEach(async () => {
  held?.end();
  await (closed ?? server.abort());
});

async function get(path: string, agent: Agent): Promise<IncomingMessage> {
  const sent = request(origin + path, { agent }).end();
  const [answer] = await once(sent, 'response');
  return answer;
}

/** `Connection` of the response, or the code of the error. */
async function connectionOf(agent: Agent): Promise<string | undefined> {
  const { connection, error } = await sendRequest(origin, { agent });
  return error ?? connection;
}

/** `Connection` of responses on new connections during a shutdown, without repetitions, until the listener is closed. */
async function listConnections(): Promise<readonly (string | undefined)[]> {
  const seen: (string | undefined)[] = [];
  while (seen.at(-1) !== 'ECONNREFUSED') {
    const agent = new Agent({ keepAlive: true });
    const connection = await connectionOf(agent);
    agent.destroy();
    if (seen.at(-1) !== connection) seen.push(connection);
  }
  return seen;
}

test('a shutdown ends connections first, lets them persist, and then closes the listener', async () => {
  closed = server.close();

  expect(await listConnections()).toEqual(['close', 'keep-alive', 'ECONNREFUSED']);
});

test('a connection that is idle when the listener closes serves one more request', async () => {
  await get('/held', new Agent());
  closed = server.close();
  const agents: Agent[] = [];
  while (agents.length === 0) {
    const agent = new Agent({ keepAlive: true });
    if ((await connectionOf(agent)) === 'keep-alive') agents.push(agent);
  }
  await listConnections();
  const [agent = new Agent()] = agents;

  expect(await connectionOf(agent)).toBe('close');
  expect(await connectionOf(agent)).toBe('ECONNREFUSED');
});

test('a shutdown ends idle connections, and waits for the running response', async () => {
  const agent = new Agent({ keepAlive: true });
  await connectionOf(agent);
  const [socket] = Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? []);
  const answer = await get('/held', new Agent());
  closed = server.close();
  if (socket) await once(socket, 'close');
  held?.end('whole');
  const [chunk] = await once(answer, 'data');

  expect(String(chunk)).toBe('whole');
  expect(await closed).toBe(0);
});
