import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { HeaderField } from './mutants.js';

/** Sends one request at a time over one connection, byte by byte as it is, and opens another where that was closed. */
export interface RawClient {
  /** @returns the status of the answer; 0 where the connection ended without one. */
  send(fields: readonly HeaderField[]): Promise<number>;
  close(): void;
}

/** What was answered, and whether the connection can be used for a further request. */
interface Answer {
  readonly status: number;
  readonly isReusable: boolean;
}

const HEAD_END = '\r\n\r\n';
const NOTHING: Answer = { status: 0, isReusable: false };

export function createRawClient(port: number): RawClient {
  let kept: Socket | undefined;

  const sendOver = async (socket: Socket, fields: readonly HeaderField[]): Promise<number> => {
    const { status, isReusable } = await exchange(socket, fields);
    kept = isReusable ? socket : undefined;
    if (!isReusable) socket.destroy();
    return status;
  };

  return {
    async send(fields) {
      // A server may close a connection that is kept at any moment (RFC 9112 section 9.3.1).
      const status = kept === undefined ? 0 : await sendOver(kept, fields);
      return status === 0 ? sendOver(await open(port), fields) : status;
    },
    close() {
      kept?.destroy();
    },
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  // Whatever goes wrong ends in its closing.
  socket.on('error', () => undefined);
  return socket;
}

function exchange(socket: Socket, fields: readonly HeaderField[]): Promise<Answer> {
  return new Promise((resolve) => {
    let received = '';
    const settle = (answer: Answer): void => {
      socket.off('data', onData).off('close', onClose);
      resolve(answer);
    };
    const onData = (chunk: Buffer): void => {
      received += chunk.toString('latin1');
      const answer = readAnswer(received);
      if (answer !== undefined) settle(answer);
    };
    const onClose = (): void => settle({ ...NOTHING, status: statusOf(received) });
    socket.on('data', onData).on('close', onClose);
    if (socket.closed || socket.destroyed) return settle(NOTHING);
    const lines = fields.map(([name, value]) => `${name}: ${value}`);
    socket.write(['GET /resource HTTP/1.1', 'Host: localhost', ...lines].join('\r\n') + HEAD_END, 'latin1');
  });
}

/** The answer, once it is there as a whole; one that tells no end ends with its connection (RFC 9112 section 6.3). */
function readAnswer(received: string): Answer | undefined {
  const end = received.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = received.slice(0, end);
  const body = received.slice(end + HEAD_END.length);
  const status = statusOf(head);
  const missing = missingOf(body, head);
  if (missing === undefined || missing > 0) return undefined;
  return { status, isReusable: missing === 0 && !/\nconnection: *close/i.test(head) };
}

/** How many bytes of a body are still to come, below zero where there are too many; unknown where its head does not say. */
function missingOf(body: string, head: string): number | undefined {
  if (/^HTTP\/1\.1 (204|304)/.test(head)) return -body.length;
  if (/\ntransfer-encoding: *chunked/i.test(head)) return body.endsWith(`0${HEAD_END}`) ? 0 : 1;
  const length = /\ncontent-length: *(\d+)/i.exec(head)?.[1];
  return length === undefined ? undefined : Number(length) - body.length;
}

function statusOf(head: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
}
