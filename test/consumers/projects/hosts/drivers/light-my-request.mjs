import inject from 'light-my-request';
import { app } from '../app.mjs';
import { drive } from './drive.mjs';

await drive(async ({ method, path, headers, body }) => {
  const response = await inject(app, {
    method,
    url: path,
    headers,
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: response.statusCode, headers: response.headers, body: response.payload };
});
