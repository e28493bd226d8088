import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** Never connected: requests need one to belong to. */
const socket = new Socket({ readable: false, writable: false });

/**
 * Hands a request to an application without a server before it, so that what no HTTP parser lets through reaches it too.
 * @returns the status of the answer.
 */
export function callDirectly(app: RequestListener, authorization: string): Promise<number> {
  const req = new IncomingMessage(socket);
  req.method = 'GET';
  req.url = '/resource';
  req.headers = { authorization };
  req.headersDistinct = { authorization: [authorization] };
  const res = new ServerResponse(req);
  return new Promise((resolve) => {
    res.end = () => {
      resolve(res.statusCode);
      return res;
    };
    app(req, res);
  });
}
