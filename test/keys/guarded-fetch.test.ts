import type { LookupAddress, lookup as lookupAddresses } from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createGuardedFetch } from '../../src/keys/guarded-fetch.js';
import { rejectionOf } from '../support/caught.js';
import { type IssuerServer, startIssuerServer } from '../support/issuer-server.js';
import { untypedValue } from '../support/untyped.js';

/** An unallocated address of the public block, to which no connection succeeds. */
const PUBLIC = { address: '2d00::1', family: 6 };
const LOOPBACK = { address: '127.0.0.1', family: 4 };
const MAPPED = { address: '::ffff:127.0.0.1', family: 6 };

let server: IssuerServer;

beforeEach(async () => {
  server = await startIssuerServer();
  server.serve('/', {});
});
afterEach(() => server.stop());

/** A resolver with a different result for each call. */
function resolveTo(...results: readonly (readonly LookupAddress[] | Error)[]) {
  const calls: string[] = [];
  const answer = (host: string, _options: object, done: (...args: readonly unknown[]) => void): void => {
    const result = results[calls.length] ?? [LOOPBACK];
    calls.push(host);
    if (result instanceof Error) done(result);
    else done(null, result);
  };
  const lookup: typeof lookupAddresses = untypedValue(answer);
  return { calls, lookup };
}

async function send(host: string, lookup?: typeof lookupAddresses, allowPrivate = false): Promise<unknown> {
  const guarded = createGuardedFetch({
    allowPrivate,
    readCa: async () => undefined,
    ...(lookup === undefined ? {} : { lookup }),
  });
  const url = new URL(`http://${host}:${new URL(server.origin).port}/`);
  const signal = AbortSignal.timeout(200);
  return rejectionOf(guarded(url, { headers: {}, redirect: 'error', signal }));
}

const REFUSED = /has a loopback, private or special address: check the URL, or set allowPrivate/;

describe('a guarded request', () => {
  test('fails if the server switches protocols instead of answering', async () => {
    const switching = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () =>
        socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      );
    });
    switching.listen(0, '127.0.0.1');
    await once(switching, 'listening');
    const guarded = createGuardedFetch({ allowPrivate: true, readCa: async () => undefined });
    const address = switching.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const signal = AbortSignal.timeout(5000);
    const failure = await rejectionOf(
      guarded(new URL(`http://127.0.0.1:${port}/`), { headers: {}, redirect: 'error', signal }),
    );
    switching.close();

    expect(failure).toMatchObject({ message: expect.stringContaining('is unavailable') });
  });

  test('connects to no host whose name resolves to a private address', async () => {
    expect(await send('localhost')).toMatchObject({ message: expect.stringMatching(REFUSED) });
    expect(server.connections()).toBe(0);
  });

  test('resolves the name once, so an answer that changes afterwards has no effect', async () => {
    const { lookup, calls } = resolveTo([PUBLIC], [LOOPBACK]);
    expect(await send('rebinding.example', lookup)).toMatchObject({
      message: expect.stringMatching(/is unavailable/),
    });
    expect(calls).toHaveLength(1);
    expect(server.connections()).toBe(0);
  });

  test('checks the addresses of each connection, so a rebound name is rejected', async () => {
    const { lookup, calls } = resolveTo([PUBLIC], [LOOPBACK]);
    await send('rebinding.example', lookup);
    expect(await send('rebinding.example', lookup)).toMatchObject({
      message: expect.stringMatching(REFUSED),
    });
    expect(calls).toHaveLength(2);
    expect(server.connections()).toBe(0);
  });

  test('fails if one of several addresses is private', async () => {
    const { lookup } = resolveTo([PUBLIC, LOOPBACK], [MAPPED], []);
    for (let round = 0; round < 3; round += 1) {
      expect(await send('mixed.example', lookup)).toMatchObject({ message: expect.stringMatching(REFUSED) });
    }
    expect(server.connections()).toBe(0);
  });

  test('connects to no literal private address', async () => {
    const hosts = [
      '127.0.0.1',
      '127.1',
      '0x7f.1',
      '2130706433',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '169.254.169.254',
    ];
    for (const host of hosts) {
      expect(await send(host)).toMatchObject({ message: expect.stringMatching(REFUSED) });
    }
    expect(server.connections()).toBe(0);
  });

  test('reports a failed lookup', async () => {
    const { lookup } = resolveTo(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
    expect(await send('missing.example', lookup)).toMatchObject({
      message: expect.stringMatching(
        /^http:\/\/missing.example:\d+ is unavailable \(ENOTFOUND\): check the URL/,
      ),
    });
  });

  test('opens a separate connection with allowPrivate', async () => {
    const guarded = createGuardedFetch({ allowPrivate: true, readCa: async () => undefined });
    const signal = AbortSignal.timeout(5000);
    for (let round = 1; round <= 2; round += 1) {
      const { body } = await guarded(new URL(server.origin), { headers: {}, redirect: 'error', signal });
      for await (const chunk of body ?? []) expect(String(chunk)).toBe('{}');
      expect(server.connections()).toBe(round);
    }
  });
});
