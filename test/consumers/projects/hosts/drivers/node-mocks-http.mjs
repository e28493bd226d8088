import { app } from '../app.mjs';
import { send } from '../node-mocks-http.mjs';
import { drive } from './drive.mjs';

await drive(async ({ method, path, headers, body }) => {
  const received = body === undefined ? {} : { body: Buffer.from(body) };
  const res = await send(app, { method, url: path, headers, ...received });
  return { status: res.statusCode, headers: res.getHeaders(), body: res._getData() };
});
