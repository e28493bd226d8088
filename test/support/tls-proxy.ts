import type { IncomingHttpHeaders } from 'node:http';
import { request as plainRequest } from 'node:http';
import { TLSSocket } from 'node:tls';
import { startTlsServer, type TlsServer } from './mutual-tls-app.js';

/** Headers of a forwarded request: those of the client, changed by the proxy. */
export type ForwardHeaders = (
  headers: IncomingHttpHeaders,
  certificate: { readonly der: Buffer; readonly pem: string; readonly isAuthorized: boolean } | undefined,
) => Readonly<Record<string, string | string[] | undefined>>;

/** Starts a reverse proxy that terminates TLS, and forwards requests to a port of 127.0.0.1. */
export function startTlsProxy(port: number, forward: ForwardHeaders): Promise<TlsServer> {
  return startTlsServer((req, res) => {
    const x509 = req.socket instanceof TLSSocket ? req.socket.getPeerX509Certificate() : undefined;
    const isAuthorized = req.socket instanceof TLSSocket && req.socket.authorized;
    const certificate = x509 && { der: x509.raw, pem: x509.toString(), isAuthorized };
    const headers = Object.entries(forward(req.headers, certificate)).filter(
      ([, value]) => value !== undefined,
    );
    const upstream = plainRequest(
      { host: '127.0.0.1', port, method: req.method, path: req.url, headers: Object.fromEntries(headers) },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      },
    );
    upstream.on('error', () => res.destroy());
    req.pipe(upstream);
  });
}
