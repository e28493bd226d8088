import { describe, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import request from 'supertest';
import { readRequestId } from '../../src/http/audit-origin-reader.js';

/** The request ID of a request that passes a handler first. */
async function readIdAfter(handler: RequestHandler): Promise<unknown> {
  const app = express();
  app.use(handler, (req, res) => void res.json({ id: readRequestId(req) }));
  const { body } = await request(app).get('/').set('X-Request-Id', 'of-the-client');
  return body.id;
}

const respondWith = (id: string) => readIdAfter((_req, res, next) => next(void res.set('X-Request-Id', id)));

const assign = (id: unknown) => readIdAfter((req, _res, next) => next(void Object.assign(req, { id })));

describe('the ID of a request', () => {
  test('is the response header X-Request-Id', async () => {
    expect(await respondWith('req_1')).toBe('req_1');
  });

  test('is req.id if there is no response header', async () => {
    expect(await assign('req_2')).toBe('req_2');
  });

  test('can be a number, as pino-http assigns it', async () => {
    expect(await assign(7)).toBe('7');
  });

  test('is the response header if both are present', async () => {
    const id = await readIdAfter((req, res, next) => {
      Object.assign(req, { id: 'other' });
      res.set('X-Request-Id', 'req_3');
      next();
    });

    expect(id).toBe('req_3');
  });

  test('is never the header of the client', async () => {
    expect(await readIdAfter((_req, _res, next) => next())).toBeUndefined();
  });

  test.each(['', 'a b', 'a\tb', 'é', 'x'.repeat(129)])('is ignored if it is malformed: %j', async (id) => {
    expect(await respondWith(id)).toBeUndefined();
  });

  test.each([{}, null, ['a'], true, 'a\nb'])('is ignored if req.id is malformed: %j', async (id) => {
    expect(await assign(id)).toBeUndefined();
  });
});
