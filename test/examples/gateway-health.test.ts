import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { createMemoryStores, createRevocations } from 'passport-jwe';
import request from 'supertest';
import { fillWarnings } from '../../examples/gateway/observability/revocation-fill.js';
import { healthRoutes } from '../../examples/gateway/routes/health.js';
import { clock } from '../support/tokens.js';

/** What `/readyz` says with a store in which so many sessions have ended. */
async function readReadiness(ends: number, isReady = true) {
  const { revocations: store } = createMemoryStores({
    clock,
    maxRevocationsPerClient: 10,
    maxRevocations: 20,
  });
  const revocations = createRevocations({ stores: { revocations: store }, clock });
  for (let index = 0; index < ends; index += 1) {
    const target = { kind: 'session', clientId: `key ${index % 2}`, sessionId: `s${index}` } as const;
    await revocations.revoke(target, 'demo', undefined, 'access_tokens');
  }
  const app = express();
  app.use(
    healthRoutes(() => ({
      checks: { stores: isReady },
      details: [],
      warnings: fillWarnings(revocations.fill),
    })),
  );
  const { status, body } = await request(app).get('/readyz');
  return { status, body };
}

describe('/readyz', () => {
  test('has no warnings while the revocation store has room', async () => {
    expect(await readReadiness(14)).toEqual({
      status: 200,
      body: { status: 'ok', checks: { stores: true } },
    });
  });

  test('warns of revocations that are about to be folded, and stays ready', async () => {
    const { status, body } = await readReadiness(16);

    expect([status, body.status]).toEqual([200, 'ok']);
    expect(body.warnings).toEqual([
      'The revocation store is nearly full: raise maxRevocations',
      'The revocations of an API key are about to be folded: raise maxRevocationsPerClient',
    ]);
  });

  test('has no warnings while it is not ready', async () => {
    expect((await readReadiness(16, false)).body).toEqual({
      status: 'unavailable',
      checks: { stores: false },
    });
  });
});

test('a store that does not report how full it is causes no warning', () => {
  const { fill: _, ...store } = createMemoryStores({ clock }).revocations;
  const { fill } = createRevocations({
    stores: { revocations: { ...store, add: async () => {}, find: () => undefined } },
    clock,
  });

  expect([fill, fillWarnings(fill)]).toEqual([undefined, []]);
});
