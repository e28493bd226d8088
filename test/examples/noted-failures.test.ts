import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import express from 'express';
import { TemporarilyUnavailableError } from 'passport-jwe';
import { describeNotedFailure, noteFailure } from '../../examples/gateway/observability/noted-failures.js';
import { listen } from '../../examples/gateway/server.js';

const syntaxError = new SyntaxError('Unexpected token \'s\', "sesame" is not valid JSON');
const FAILURES = {
  outage: new TemporarilyUnavailableError({ cause: new Error('Command timed out') }),
  syntax: syntaxError,
  'syntax-cause': new TemporarilyUnavailableError({ cause: syntaxError }),
};

const app = express();
for (const [path, failure] of Object.entries(FAILURES)) {
  app.get(`/${path}`, (_req, res) => {
    noteFailure(res, failure);
    res.send(describeNotedFailure(res));
  });
}
const server = createServer(app);
let origin: string;

beforeAll(async () => {
  origin = await listen(server, { host: '127.0.0.1', port: 0 });
});

afterAll(() => void server.close());

test.each([
  ['the cause of an outage by its message', 'outage', 'Command timed out'],
  ['a syntax error by its name, because its message quotes the input', 'syntax', 'SyntaxError'],
  ['a cause that is a syntax error by its name', 'syntax-cause', 'SyntaxError'],
])('the request log describes %s', async (_what, path, description) => {
  const answer = await fetch(`${origin}/${path}`);

  expect(await answer.text()).toBe(description);
});
