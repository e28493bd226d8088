import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';

/** A listening server, whose URL is known before its request handler. */
export interface ListeningServer {
  readonly origin: string;
  serve(handler: RequestListener): void;
}

export async function listen(port: number): Promise<ListeningServer> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    serve: (handler) => void server.on('request', handler),
  };
}
