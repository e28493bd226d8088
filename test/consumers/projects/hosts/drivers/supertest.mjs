import request from 'supertest';
import { app } from '../app.mjs';
import { drive } from './drive.mjs';

await drive(async ({ method, path, headers, body }) => {
  const {
    status,
    headers: received,
    text,
  } = await request(app)[method.toLowerCase()](path).set(headers).send(body);
  return { status, headers: received, body: text };
});
