import { beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import { authenticate, createAuditTrail, type KeyRing } from 'passport-jwe';
import type { AuditEvent } from 'passport-jwe/audit';
import { createMcpSessions, type McpSessions } from 'passport-jwe/mcp';
import request from 'supertest';
import { thrownBy } from '../../support/caught.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, secretOf } from '../../support/tokens.js';
import { untypedValue } from '../../support/untyped.js';

const OTHER_ISSUER = 'https://other.example.com';
const CALLER = { sub: 'alice', client_id: 'editor' };

let keyRing: KeyRing;
let events: AuditEvent[];

beforeAll(async () => {
  keyRing = await createRing();
});

const tokenOf = (claims: Record<string, unknown>) => mintToken(keyRing, { claims });

/** An application whose `GET /new` creates a session ID, and whose `POST /` is guarded. */
function createApp(sessions: McpSessions) {
  events = [];
  const audit = createAuditTrail({ sinks: [{ write: async (event) => void events.push(event) }] });
  const app = express();
  app.set('env', 'test');
  app.use(authenticate({ keyRing, issuer: [ISSUER, OTHER_ISSUER], audience: AUDIENCE, clock, audit }));
  app.get('/new', (req, res) => void res.send(sessions.newId(req)));
  app.use(sessions.guard, (_req, res) => void res.status(204).end());
  return app;
}

async function createId(app: express.Express, claims: Record<string, unknown> = CALLER): Promise<string> {
  return (await request(app).get('/new').auth(tokenOf(claims), { type: 'bearer' }).expect(200)).text;
}

function use(app: express.Express, id: string, claims: Record<string, unknown> = CALLER) {
  return request(app).post('/').auth(tokenOf(claims), { type: 'bearer' }).set('Mcp-Session-Id', id);
}

describe('a session ID', () => {
  test('passes with a new token of the same caller', async () => {
    const app = createApp(createMcpSessions());
    const id = await createId(app);

    expect((await use(app, id, { ...CALLER, jti: 'another', scope: 'more' })).status).toBe(204);
  });

  test('differs for each session, and consists of visible ASCII', async () => {
    const app = createApp(createMcpSessions());
    const ids = [await createId(app), await createId(app)];

    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[\x21-\x7e]{66}$/);
  });

  test.each([
    ['subject', { sub: 'bob' }],
    ['client', { client_id: 'browser' }],
    ['issuer', { iss: OTHER_ISSUER }],
    ['subject and client, swapped', { sub: 'editor', client_id: 'alice' }],
  ])('of a different %s is rejected with 404', async (_name, difference) => {
    const app = createApp(createMcpSessions());
    const { status, body } = await use(app, await createId(app), { ...CALLER, ...difference });

    expect({ status, body }).toEqual({
      status: 404,
      body: { error: 'invalid_request', error_description: 'Session not found' },
    });
  });

  test('that is unbound gets the same response as that of a different caller', async () => {
    const app = createApp(createMcpSessions());
    const id = await createId(app);
    const different = await use(app, id, { ...CALLER, sub: 'bob' });
    const rows = [
      '1d4f5b7e-3d0c-4f0f-8f5a-9b8f0c6c7a01',
      '',
      `${id}x`,
      id.slice(0, -1),
      `${'A'.repeat(22)}.${'A'.repeat(43)}`,
    ];

    for (const unbound of rows) {
      const { status, text } = await use(app, unbound);
      expect({ unbound, status, text }).toEqual({ unbound, status: 404, text: different.text });
    }
  });

  test('is valid in a process with the same secret only', async () => {
    const secret = secretOf(9);
    const id = await createId(createApp(createMcpSessions({ secret })));

    expect((await use(createApp(createMcpSessions({ secret })), id)).status).toBe(204);
    expect((await use(createApp(createMcpSessions()), id)).status).toBe(404);
  });

  test('of a different caller is recorded in the audit log', async () => {
    const app = createApp(createMcpSessions());
    await use(app, await createId(app), { ...CALLER, sub: 'bob' });

    expect(events).toContainEqual(
      expect.objectContaining({ type: 'token.refused', code: 'ERR_INVALID_REQUEST', subject: 'bob' }),
    );
  });
});

test('requests without a session ID pass', async () => {
  const app = createApp(createMcpSessions());

  expect((await request(app).post('/').auth(tokenOf(CALLER), { type: 'bearer' })).status).toBe(204);
});

test('the guard rejects requests without a token', async () => {
  const app = express().use(createMcpSessions().guard);
  app.set('env', 'test');

  expect((await request(app).post('/')).status).toBe(401);
});

test.each([
  ['a short secret', { secret: secretOf(1).subarray(1) }, 'secret must be a Uint8Array of at least 32 bytes'],
  ['an unknown option', { key: secretOf(1) }, 'createMcpSessions: unknown option key'],
])('throws for %s', (_name, options, message) => {
  expect(thrownBy(() => createMcpSessions(untypedValue(options)))).toMatchObject({
    name: 'TypeError',
    message: expect.stringContaining(message),
  });
});
