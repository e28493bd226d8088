import { connect, type Socket } from 'node:net';

/** How a test sends its requests. */
export interface Sending {
  readonly port: number;
  /** Target of a request that is not answered before the connection ends. */
  readonly slow: string;
  /** Target of a request that is answered at once. */
  readonly quick: string;
  /** Target of a request with a body. */
  readonly upload: string;
  /** Header lines of every request. */
  readonly headers: readonly string[];
  /** A complete body of the upload. */
  readonly body: string;
  /** Resolves when so many requests have arrived since the test began. */
  untilArrived(count: number): Promise<unknown>;
}

/** A way in which a client uses its connection and then leaves. */
export interface ConnectionCase {
  readonly name: string;
  readonly requests: number;
  /** How many of the requests are answered. */
  readonly answered: number;
  /** Resolves when the connection is closed. */
  run(sending: Sending): Promise<void>;
}

const PIPELINED = 5;

/** What every middleware that counts, logs or waits is driven through. */
export const CONNECTION_CASES: readonly ConnectionCase[] = [
  pipelined('five pipelined requests behind a slow one, reset', (socket) => void socket.resetAndDestroy()),
  pipelined('five pipelined requests behind a slow one, half-closed', (socket) => void socket.end()),
  {
    ...{ name: 'a body that is held back', requests: 1, answered: 1 },
    async run({ untilArrived, body, ...sending }) {
      const { socket, closed } = await open(sending.port);
      socket.write(headOf('POST', sending.upload, uploadHeaders(sending, body)));
      await untilArrived(1);
      socket.write(body);
      socket.once('data', () => socket.end());
      await closed;
    },
  },
  upload('an upload that is aborted', (socket) => void socket.resetAndDestroy()),
  upload('an upload that is half-closed', (socket) => void socket.end()),
];

function pipelined(name: string, leave: (socket: Socket) => void): ConnectionCase {
  return {
    ...{ name, requests: PIPELINED + 1, answered: 0 },
    async run({ port, slow, quick, headers, untilArrived }) {
      const { socket, closed } = await open(port);
      const queued = headOf('GET', quick, headers).repeat(PIPELINED);
      socket.write(headOf('GET', slow, headers) + queued);
      await untilArrived(PIPELINED + 1);
      leave(socket);
      await closed;
    },
  };
}

function upload(name: string, leave: (socket: Socket) => void): ConnectionCase {
  return {
    ...{ name, requests: 1, answered: 0 },
    async run({ untilArrived, body, ...sending }) {
      const { socket, closed } = await open(sending.port);
      const head = headOf('POST', sending.upload, uploadHeaders(sending, body));
      socket.write(head + body.slice(0, body.length / 2));
      await untilArrived(1);
      leave(socket);
      await closed;
    },
  };
}

function uploadHeaders({ headers }: Pick<Sending, 'headers'>, body: string): readonly string[] {
  return [...headers, `Content-Length: ${Buffer.byteLength(body)}`];
}

export function headOf(method: string, target: string, headers: readonly string[]): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');
}

/** A connection of its own, whose answers nobody reads. */
export async function open(
  port: number,
): Promise<{ readonly socket: Socket; readonly closed: Promise<void> }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  await new Promise<void>((resolve) => void socket.once('connect', () => resolve()));
  return { socket, closed };
}

const PATIENCE_MS = 20_000;

/**
 * Resolves as soon as a condition holds, for tests of what no event announces.
 * @throws Error if it does not within 20 seconds.
 */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`It never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
