import { beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditRecord } from 'passport-jwe/audit';
import { type AuditedApp, createAuditedApp } from '../support/audited-app.js';

let app: AuditedApp;
let requests = 0;
/** Number of records that `takeRecords()` has returned. */
let seen = 0;

beforeEach(async () => {
  requests = 0;
  seen = 0;
  app = await createAuditedApp((_req, res, next) => {
    requests += 1;
    res.set('X-Request-Id', `req_${requests}`);
    next();
  });
});

const REQUEST = {
  grant_type: 'client_credentials',
  user: 'alice',
  scope: 'read manage:sessions offline_access',
};

/** Types and request IDs of the records since the last call. */
function takeRecords(): ReadonlyMap<AuditRecord['type'], unknown> {
  const taken = new Map(
    app.records.slice(seen).map((record) => [record.type, Reflect.get(record, 'requestId')]),
  );
  seen = app.records.length;
  return taken;
}

describe('audit events with the ID of their request', () => {
  test('are those of an issued token and its session', async () => {
    await app.post(REQUEST);

    expect(Object.fromEntries(takeRecords())).toEqual({
      'token.intended': 'req_1',
      'token.issued': 'req_1',
      'session.started': 'req_1',
    });
  });

  test('are those of a refresh, and of the reuse that ends the session', async () => {
    const { refreshToken } = await app.post(REQUEST);
    const refresh = () => app.post({ grant_type: 'refresh_token', refresh_token: refreshToken });
    await refresh();
    takeRecords();
    app.setTime(Math.max(...app.records.map(({ time }) => Date.parse(time) / 1000)) + 600);
    await refresh();
    const records = takeRecords();

    expect([records.get('session.ended'), records.get('issuance.refused')]).toEqual(['req_3', 'req_3']);
  });

  test('are those of a rejected client', async () => {
    await app.post(REQUEST, 'wrong');

    expect(takeRecords().get('issuance.refused')).toBe('req_1');
  });

  test('are those of accepted and rejected tokens', async () => {
    const { accessToken } = await app.post(REQUEST);
    await app.use(accessToken, 'read');
    await app.use(accessToken, 'admin');
    await app.use('not.a.token', 'read');
    const records = app.records.filter(({ type }) => type === 'token.accepted' || type === 'token.refused');

    expect(records.map((record) => Reflect.get(record, 'requestId'))).toEqual(['req_2', 'req_3', 'req_4']);
  });

  test('are those of revoked tokens and ended sessions', async () => {
    const { accessToken, refreshToken } = await app.post(REQUEST);
    await app.endSessions(accessToken);
    const ended = takeRecords();
    const { accessToken: other } = await app.post(REQUEST);
    await app.revoke(other);

    expect([ended.get('revocation.added'), ended.get('session.ended')]).toEqual(['req_2', 'req_2']);
    expect(takeRecords().get('revocation.added')).toBe('req_4');
    expect(refreshToken).not.toBe('');
  });

  test('are not the counts that combine several requests', async () => {
    const { accessToken } = await app.post(REQUEST);
    for (let count = 0; count < 3; count += 1) {
      await app.use(accessToken, 'read');
      await app.use('not.a.token', 'read');
    }
    takeRecords();
    await app.flush();
    const counts = app.records.filter((record) => Reflect.get(record, 'count') === 2);

    expect(counts.map(({ type }) => type).sort()).toEqual(['token.accepted', 'token.refused']);
    expect(counts.every((record) => !('requestId' in record))).toBe(true);
  });
});
