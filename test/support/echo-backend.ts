import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { listen } from './http.js';

/** A request that a backend has received. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  /** Names in the spelling of the request, and values, in turn. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A service behind a proxy. It trusts the headers of the proxy. */
export interface EchoBackend {
  readonly port: number;
  /** Requests since the last call, in their order. */
  take(): readonly ReceivedRequest[];
  close(): Promise<void>;
}

/** Salt of the handshake of WebSockets (RFC 6455 §1.3). */
const SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Start a service that responds with `X-Backend: yes` to every request. Requests for `/events/stream` get an event stream
 * that stays open, and upgrades get a WebSocket that returns every byte unchanged.
 */
export async function startEchoBackend(status = 200): Promise<EchoBackend> {
  let received: ReceivedRequest[] = [];
  const server = createServer(async (req, res) => {
    const { method = '', url = '', rawHeaders } = req;
    let body = '';
    for await (const chunk of req) body += chunk;
    received.push({ method, url, rawHeaders, body });
    res.setHeader('X-Backend', 'yes');
    if (!url.startsWith('/events/stream')) return void res.writeHead(status).end();
    res.setHeader('Content-Type', 'text/event-stream');
    res.write('data: first\n\n');
  });
  server.on('upgrade', (req, socket) => {
    const { method = '', url = '', rawHeaders } = req;
    received.push({ method, url, rawHeaders, body: '' });
    const accept = createHash('sha1').update(`${req.headers['sec-websocket-key']}${SALT}`).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
    socket.on('error', () => {}).pipe(socket);
  });
  const port = await listen(server);

  return {
    port,
    take() {
      const taken = received;
      received = [];
      return taken;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Values of all headers of a received request whose name is the same, apart from case, and `-`, `_` and `.`. */
export function valuesOf({ rawHeaders }: ReceivedRequest, name: string): readonly string[] {
  const normalize = (spelling = '') => spelling.toLowerCase().replaceAll(/[-_.]/g, '-');
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && normalize(rawHeaders[index - 1]) === normalize(name),
  );
}
