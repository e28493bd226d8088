import { beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import { authenticate, type KeyRing, protectedResourceUrl } from 'passport-jwe';
import { requireToolScope, type ToolScopes } from 'passport-jwe/mcp';
import request from 'supertest';
import { thrownBy } from '../../support/caught.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../../support/tokens.js';
import { untyped } from '../../support/untyped.js';

const TOOLS: ToolScopes = {
  list_notes: [],
  add_note: 'notes:write',
  export_notes: ['notes:export', 'notes:write'],
};
const resourceMetadata = protectedResourceUrl(AUDIENCE);
const callOf = (name: unknown, id = 1) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } });

let keyRing: KeyRing;

beforeAll(async () => {
  keyRing = await createRing();
});

/** Sends a body behind the guard, with a token of a scope. The handler responds with 204. */
async function post(
  body: object | string,
  { scope = 'notes:read', tools = TOOLS, type = 'application/json' } = {},
) {
  const app = express();
  app.set('env', 'test');
  const options = {
    keyRing,
    issuer: ISSUER,
    audience: AUDIENCE,
    clock,
    scope: 'notes:read',
    resourceMetadata,
  };
  app.use(authenticate(options), express.json(), requireToolScope(tools));
  app.use((_req, res) => void res.status(204).end());
  const {
    status,
    headers,
    body: answer,
  } = await request(app)
    .post('/')
    .auth(mintToken(keyRing, { claims: { scope } }), { type: 'bearer' })
    .type(type)
    .send(body);
  return { status, challenge: headers['www-authenticate'], error: answer.error };
}

test.each([
  ['initialize', { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }],
  ['tools/list', { jsonrpc: '2.0', id: 1, method: 'tools/list' }],
  ['a notification', { jsonrpc: '2.0', method: 'notifications/initialized' }],
  ['a response', { jsonrpc: '2.0', id: 1, result: {} }],
  ['an error response', { jsonrpc: '2.0', id: 1, error: { code: -1, message: '' } }],
  ['a call of a tool without a scope', callOf('list_notes')],
])('%s passes', async (_name, message) => {
  expect((await post(message)).status).toBe(204);
});

test('a call with the scope of the tool passes', async () => {
  expect((await post(callOf('add_note'), { scope: 'notes:write notes:read' })).status).toBe(204);
});

test('a call without the scope of the tool gets a challenge with all required scope tokens', async () => {
  const { status, challenge, error } = await post(callOf('export_notes'), {
    scope: 'notes:read notes:write',
  });

  expect([status, error]).toEqual([403, 'insufficient_scope']);
  expect(challenge).toBe(
    `Bearer realm="api", error="insufficient_scope", error_description="The access token lacks a scope that this resource requires", scope="notes:read notes:export notes:write", resource_metadata="${resourceMetadata}"`,
  );
});

test('a batch gets one challenge for all of its calls', async () => {
  const { status, challenge } = await post([
    callOf('list_notes'),
    callOf('add_note', 2),
    callOf('export_notes', 3),
  ]);

  expect(status).toBe(403);
  expect(challenge).toContain('scope="notes:read notes:write notes:export"');
});

describe('a tool that is not listed', () => {
  test.each(['delete_notes', 'toString', '__proto__', '*'])('is rejected: %s', async (name) => {
    expect(await post(callOf(name))).toMatchObject({ status: 403, error: 'access_denied' });
  });

  test('requires the scope of the entry *', async () => {
    const tools = { ...TOOLS, '*': 'notes:admin' };

    expect((await post(callOf('delete_notes'), { tools })).challenge).toContain(
      'scope="notes:read notes:admin"',
    );
    expect((await post(callOf('list_notes'), { tools })).status).toBe(204);
  });
});

test.each([
  ['no message', {}, 400],
  ['an empty batch', [], 400],
  ['a batch with a value that is no message', [callOf('list_notes'), 1], 400],
  ['a method that is no string', { jsonrpc: '2.0', id: 1, method: ['tools/call'], params: {} }, 400],
  ['a call without a name', callOf(undefined), 400],
  ['a call with a name that is no string', callOf(['add_note']), 400],
])('%s is rejected', async (_name, body, status) => {
  expect(await post(body)).toMatchObject({ status, error: 'invalid_request' });
});

test.each(['text/plain', 'application/json-rpc', 'application/octet-stream'])(
  'a body that no parser has read is rejected, because a transport would read it: %s',
  async (type) => {
    const { status } = await post(JSON.stringify(callOf('add_note')), { type });

    // Express 4 sets the body to an empty object.
    expect([400, 415]).toContain(status);
  },
);

test('requests without a message pass: a stream and the end of a session', async () => {
  const app = express();
  app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }), requireToolScope(TOOLS));
  app.use((_req, res) => void res.status(204).end());
  const token = mintToken(keyRing);

  expect((await request(app).get('/').auth(token, { type: 'bearer' })).status).toBe(204);
  expect((await request(app).delete('/').auth(token, { type: 'bearer' })).status).toBe(204);
});

test('a request without a token is rejected', async () => {
  const app = express().use(express.json(), requireToolScope(TOOLS));
  app.set('env', 'test');

  expect((await request(app).post('/').send(callOf('list_notes'))).status).toBe(401);
});

test.each([
  ['a list', ['add_note'], 'requireToolScope: tools must be an object'],
  [
    'a scope with a quote',
    { add_note: 'a"b' },
    'requireToolScope: tools.add_note must contain only scope tokens',
  ],
])('throws for %s', (_name, tools, message) => {
  expect(thrownBy(() => requireToolScope(untyped(tools)))).toMatchObject({
    name: 'TypeError',
    message: expect.stringContaining(message),
  });
});
