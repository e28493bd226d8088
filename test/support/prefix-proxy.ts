import { createServer, request } from 'node:http';
import { listen } from './http.js';

/** HTTP proxy that removes a prefix from the path of each request. */
export interface PrefixProxy {
  /** URL of the proxy, with the prefix. */
  readonly url: string;
  /** Set the origin of the server behind the proxy. */
  forwardTo(origin: string): void;
  close(): Promise<void>;
}

/** Start an HTTP proxy that serves one server below a path, for example `/gateway`. Other paths are a 404. */
export async function startPrefixProxy(prefix: string): Promise<PrefixProxy> {
  let upstream = '';
  const server = createServer((req, res) => {
    const { method, headers, url = '' } = req;
    if (!url.startsWith(`${prefix}/`)) return void res.writeHead(404).end();
    const forwarded = request(upstream + url.slice(prefix.length), { method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(res);
    });
    forwarded.on('error', () => res.destroy());
    req.pipe(forwarded);
  });
  const port = await listen(server);

  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    forwardTo: (origin) => {
      upstream = origin;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
