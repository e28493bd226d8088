import { createServer, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';

/** What a server answered, as it came over the socket. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name; several fields of one name joined by a newline. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends header lines over a socket of its own, exactly as they are, and reads the answer to its end. */
export async function sendRaw(app: RequestListener, lines: readonly string[], body = ''): Promise<RawAnswer> {
  const server = createServer(app);
  const port = await listen(server);
  try {
    return await sendRawTo(port, lines, body);
  } finally {
    server.close();
  }
}

/** The same to a server that listens already. */
export async function sendRawTo(port: number, lines: readonly string[], body = ''): Promise<RawAnswer> {
  return parseAnswer(
    await talk(port, [...lines, 'Host: localhost', 'Connection: close', '', body].join('\r\n')),
  );
}

/** Listens on a free port of loopback. @returns the port. */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text, 'latin1'));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.on('error', reject);
  });
}

function parseAnswer(answer: string): RawAnswer {
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  const [statusLine = '', ...fields] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, colon).toLowerCase();
    const value = field.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}\n${value}`;
  }
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}
