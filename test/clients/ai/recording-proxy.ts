import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { listen } from '../../support/http.js';

/** A request of a client, and the response that the client received so far. */
export interface RecordedExchange {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Status of the response, and 0 before the response. */
  readonly status: number;
  /** Headers and body of the response. */
  readonly answer: string;
}

/** HTTP proxy between a client and its server. Clients know the origin of the proxy alone. */
export interface RecordingProxy {
  readonly origin: string;
  /** Exchanges since the last call of `forget()`, in the order of the requests. */
  readonly exchanges: readonly RecordedExchange[];
  forget(): void;
  /** Sets the origin of the server behind the proxy. */
  forwardTo(origin: string): void;
  close(): Promise<void>;
}

type Writable<Value> = { -readonly [Name in keyof Value]: Value[Name] };

export async function startRecordingProxy(): Promise<RecordingProxy> {
  const exchanges: RecordedExchange[] = [];
  let target = '';

  const server = createServer(async (req, res) => {
    const { method = '', url: path = '', headers } = req;
    const body = await readAll(req);
    const exchange: Writable<RecordedExchange> = { method, path, headers, body, status: 0, answer: '' };
    exchanges.push(exchange);
    const forwarded = request(target + path, { method, headers }, (answer) => {
      exchange.status = answer.statusCode ?? 0;
      exchange.answer = JSON.stringify(answer.rawHeaders);
      res.writeHead(exchange.status, answer.rawHeaders);
      answer.on('data', (chunk) => (exchange.answer += chunk));
      answer.on('error', () => res.destroy());
      answer.pipe(res);
    });
    forwarded.on('error', () => res.destroy());
    res.once('close', () => forwarded.destroy());
    forwarded.end(body);
  });
  const port = await listen(server);

  return {
    origin: `http://127.0.0.1:${port}`,
    exchanges,
    forget: () => void exchanges.splice(0),
    forwardTo: (origin) => {
      target = origin;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readAll(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
