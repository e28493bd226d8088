import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { isResponseFinished, onResponseFinished } from 'passport-jwe';
import { CONNECTION_CASES, headOf, open, until } from '../support/connections.js';
import { listen } from '../support/http.js';

let server: Server;
let port = 0;
let responses: ServerResponse[];
let finished: number[];

/** Answers `/quick` at once and an upload when it is complete. */
beforeEach(async () => {
  responses = [];
  finished = [];
  server = createServer((req, res) => {
    const index = responses.push(res) - 1;
    finished[index] = 0;
    onResponseFinished(res, () => {
      finished[index] = (finished[index] ?? 0) + 1;
    });
    if (req.url === '/quick') res.end('x');
    if (req.method === 'POST') req.resume().once('end', () => res.end('x'));
  });
  port = await listen(server);
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const untilArrived = (count: number): Promise<void> => until(() => responses.length >= count);

const sending = () => ({
  ...{ port, slow: '/slow', quick: '/quick', upload: '/upload', body: 'x'.repeat(100) },
  ...{ headers: ['Content-Type: text/plain'], untilArrived },
});

describe('onResponseFinished', () => {
  test.each(CONNECTION_CASES)('calls its listener once per response: $name', async ({ requests, run }) => {
    await run(sending());
    await until(() => responses.every(isResponseFinished));
    await new Promise((resolve) => setImmediate(resolve));

    expect(finished).toEqual(Array.from({ length: requests }, () => 1));
  });

  test('calls a late listener on the next tick, unless it was removed', async () => {
    await CONNECTION_CASES[0]?.run(sending());
    await until(() => responses.every(isResponseFinished));
    const called: string[] = [];
    for (const res of responses) {
      onResponseFinished(res, () => void called.push('late'));
      onResponseFinished(res, () => void called.push('removed'))();
    }
    expect(called).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));

    expect(called).toEqual(responses.map(() => 'late'));
  });

  test('detects that the connection closed before the queued response was watched', async () => {
    const queued: ServerResponse[] = [];
    server.removeAllListeners('request').on('request', (_req, res) => void queued.push(res));
    const { socket, closed } = await open(port);
    socket.write(headOf('GET', '/', []).repeat(2));
    await until(() => queued.length === 2);
    socket.destroy();
    await closed;
    await until(() => queued[0]?.closed === true);

    expect(queued.map(isResponseFinished)).toEqual([true, true]);
  });

  test('keeps one listener per connection, for pipelined and consecutive requests', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    let connection: Socket | undefined;
    server.once('connection', (socket: Socket) => {
      connection = socket;
    });
    const { socket } = await open(port);
    const counts: (number | undefined)[] = [];
    for (const _ of [1, 2]) {
      responses.splice(0);
      socket.write(headOf('GET', '/quick', []).repeat(100));
      await until(() => responses.length === 100 && responses.every(isResponseFinished));
      counts.push(connection?.listenerCount('close'));
    }
    socket.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);

    expect(counts[1]).toBe(counts[0]);
    expect(warnings).toEqual([]);
  });

  test('calls the other listeners if one throws, and rethrows its error as an uncaught exception', async () => {
    const rethrown: (() => void)[] = [];
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation((callback, ...args) => {
      rethrown.push(() => callback(...args));
    });
    server.prependListener('request', (_req, res) => {
      onResponseFinished(res, () => {
        throw new Error('listener');
      });
    });
    await CONNECTION_CASES[0]?.run(sending());
    await until(() => responses.every(isResponseFinished));
    nextTick.mockRestore();

    expect(finished).toEqual(responses.map(() => 1));
    expect(rethrown).toHaveLength(responses.length);
    expect(rethrown[0]).toThrow('listener');
  });
});
