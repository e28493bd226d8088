import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ModelGateway, startModelGateway } from '../support/model-gateway.js';

const CALLER =
  'type: api_call\npermissions: [call:endpoints]\nendpoints: ["* /*"]\nrate_limits: { requests_per_minute: 100000, concurrent_requests: 1000 }\n';

let answer: RequestListener;
const upstream = createServer((req, res) => answer(req, res));
let gateway: ModelGateway;
/** Where an upstream has a second to answer. */
let impatient: ModelGateway;

beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const PROXY_UPSTREAM = `http://127.0.0.1:${addressOf(upstream.address()).port}`;
  gateway = await startModelGateway({ keys: { caller: CALLER }, environment: { PROXY_UPSTREAM } });
  impatient = await startModelGateway({
    keys: { caller: CALLER },
    environment: { PROXY_UPSTREAM, PROXY_TIMEOUT_MS: '1000', PROXY_IDLE_TIMEOUT_MS: '1000' },
  });
});

afterAll(async () => {
  await gateway.close();
  await impatient.close();
  await new Promise((resolve) => {
    upstream.close(resolve);
    upstream.closeAllConnections();
  });
});

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (typeof address !== 'object' || address === null) throw new Error('The upstream does not listen');
  return address;
}

async function ask({ origin, tokenOf }: ModelGateway, signal?: AbortSignal): Promise<Response> {
  const headers = { Authorization: `Bearer ${await tokenOf('caller')}` };
  return fetch(`${origin}/proxy/reports`, { headers, signal: signal ?? null });
}

/** Resolves when the upstream has been left alone with this answer. */
function whenLeft(begin: (res: ServerResponse) => void): Promise<void> {
  return new Promise((resolve) => {
    answer = (_req, res) => {
      res.once('close', () => resolve());
      begin(res);
    };
  });
}

describe('an upstream', () => {
  test('that breaks the connection is a 502', async () => {
    answer = (_req, res) => void res.destroy();

    expect((await ask(gateway)).status).toBe(502);
  });

  test('that does not answer is a 504', async () => {
    answer = () => {};

    expect((await ask(impatient)).status).toBe(504);
  });

  test('that breaks the connection mid-response never looks complete', async () => {
    answer = (_req, res) => void res.write('half', () => res.destroy());

    await expect((await ask(gateway)).text()).rejects.toThrow();
  });

  test('that stalls mid-response never looks complete', async () => {
    answer = (_req, res) => void res.write('half');

    await expect((await ask(impatient)).text()).rejects.toThrow();
  });

  test('has its response streamed', async () => {
    let finish = (): void => {};
    answer = (_req, res) => {
      res.write('one');
      finish = () => void res.end(' two');
    };
    const parts: string[] = [];
    for await (const part of (await ask(gateway)).body ?? []) {
      parts.push(Buffer.from(part).toString());
      finish();
    }

    expect(parts).toEqual(['one', ' two']);
  });

  test('receives the body as a stream', async () => {
    const socket = connect(Number(new URL(gateway.origin).port), '127.0.0.1');
    answer = (req, res) => {
      req.once('data', () => socket.write('4\r\n two\r\n0\r\n\r\n'));
      text(req).then((body) => res.end(body));
    };
    const head = [
      ...['POST /proxy/reports HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked', 'Connection: close'],
      `Authorization: Bearer ${await gateway.tokenOf('caller')}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n3\r\none\r\n`);

    expect(await text(socket)).toContain('one two');
  });

  test('is aborted if the client disconnects before the response', async () => {
    const leaving = new AbortController();
    const left = whenLeft(() => leaving.abort());

    await expect(ask(gateway, leaving.signal)).rejects.toThrow();
    await left;
  });

  test('is aborted if the client disconnects during the response', async () => {
    const leaving = new AbortController();
    const left = whenLeft((res) => void res.write('half'));
    await ask(gateway, leaving.signal);
    leaving.abort();

    await left;
  });

  test('is aborted if the client disconnects during the request body', async () => {
    const socket = connect(Number(new URL(gateway.origin).port), '127.0.0.1');
    const cutShort = new Promise<void>((resolve) => {
      answer = (req) => {
        req.once('error', () => resolve()).once('data', () => socket.destroy());
      };
    });
    const head = [
      ...['POST /proxy/reports HTTP/1.1', 'Host: x', 'Content-Length: 100'],
      `Authorization: Bearer ${await gateway.tokenOf('caller')}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\nhalf`);

    await cutShort;
  });
});
