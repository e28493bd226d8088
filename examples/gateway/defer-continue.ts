import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Sends `100 Continue` only when a handler reads the body. Node sends it for each request with `Expect: 100-continue`, so
 * that a client would upload a body that the gateway rejects by the headers (RFC 9110 §10.1.1).
 */
export function deferContinue(server: Server): void {
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    const { shouldKeepAlive } = res;
    // If the client never sends the body, the next request on this connection would be read as the body.
    res.shouldKeepAlive = false;
    const readBody = (event: string | symbol): void => {
      if (event !== 'data' && event !== 'readable') return;
      req.off('newListener', readBody);
      if (res.headersSent) return;
      res.shouldKeepAlive = shouldKeepAlive;
      res.writeContinue();
    };
    req.on('newListener', readBody);
    server.emit('request', req, res);
  });
}
