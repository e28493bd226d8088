import { afterEach, expect, test } from '@jest/globals';
import express from 'express';
import { createExpressServer } from '../../examples/gateway/express-server.js';
import { listen } from '../../examples/gateway/server.js';

const { server, serve } = createExpressServer();

afterEach(() => void server.close());

test('Express does not change the prototypes of requests and responses', async () => {
  const prototypes: unknown[] = [];
  const note = (req: object, res: object): void =>
    void prototypes.push(Object.getPrototypeOf(req), Object.getPrototypeOf(res));
  const app = express();
  app.use((req, res) => {
    note(req, res);
    res.status(200).json({ query: req.query, isThisApp: req.app === app && res.app === app });
  });
  server.on('request', note);
  serve(app);
  const origin = await listen(server, { host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${origin}/?a=1`);

  expect(await answer.json()).toEqual({ query: { a: '1' }, isThisApp: true });
  expect(prototypes.slice(2)).toHaveLength(2);
  expect(prototypes[2]).toBe(prototypes[0]);
  expect(prototypes[3]).toBe(prototypes[1]);
});
