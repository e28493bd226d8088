import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { HeaderField } from './mutants.js';

/** Never connected: requests need one to belong to. */
const socket = new Socket({ readable: false, writable: false });

/**
 * Hands a request to an application without a server before it, so that what no HTTP parser lets through reaches it too.
 * @returns the status of the answer.
 */
export function callDirectly(app: RequestListener, fields: readonly HeaderField[]): Promise<number> {
  const req = new IncomingMessage(socket);
  req.method = 'GET';
  req.url = '/resource';
  req.headers = joinFields(fields);
  req.rawHeaders = fields.flat();
  const res = new ServerResponse(req);
  return new Promise((resolve) => {
    res.end = () => {
      resolve(res.statusCode);
      return res;
    };
    app(req, res);
  });
}

/** Joins repeated headers, except `Authorization`, as Node.js does. */
function joinFields(fields: readonly HeaderField[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [field, value] of fields) {
    const name = field.toLowerCase();
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else if (name !== 'authorization') headers[name] = `${known}, ${value}`;
  }
  return headers;
}
