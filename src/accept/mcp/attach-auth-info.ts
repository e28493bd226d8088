import type { IncomingMessage } from 'node:http';
import { guard } from '../../http/guard.js';
import type { Middleware } from '../../http/middleware.js';
import { toAuthInfo } from './to-auth-info.js';

/**
 * Middleware that sets `req.auth` to the `AuthInfo` of the verified token. The transports of both MCP SDKs read
 * `req.auth`, and pass it to tools as `authInfo`. Mount it after `authenticate()`.
 *
 * It replaces a `req.auth` that another middleware has set. It rejects requests without a verified token with 401. The
 * type `Request` of Express gets no member `auth`, because other packages declare this member with different types.
 *
 * @example
 * app.use('/mcp', authenticate(options), attachAuthInfo());
 * app.post('/mcp', (req, res) => transport.handleRequest(req, res, req.body));
 */
export function attachAuthInfo(): Middleware {
  return guard('attachAuthInfo', (_token, _now, req) => {
    const attached: IncomingMessage = req;
    Object.assign(attached, { auth: toAuthInfo(req) });
    return undefined;
  });
}
