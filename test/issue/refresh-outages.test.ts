import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ClaimsHook } from 'passport-jwe';
import type { FamilyStore } from 'passport-jwe/stores';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import { createSessionApp, SESSION_KEYS, type SessionApp } from '../support/session-app.js';
import { NOW } from '../support/tokens.js';

const PUBLIC = { client_id: 'device', device_id: 'right' };

let app: SessionApp;

beforeEach(async () => {
  app = await createSessionApp();
});

/** A server on the same stores whose claims hook fails for as long as it is told to. */
async function withFailingHook() {
  let fails = true;
  const claims: ClaimsHook = () => {
    if (fails) throw new Error('The database of the application is down');
    return {};
  };
  const server = await app.rebuild({ claims });
  const recover = (): void => {
    fails = false;
  };
  return { server, recover };
}

describe('an outage that is longer than the grace window', () => {
  test('of the claims hook does not end the session of a client that retries', async () => {
    const { refreshToken } = await app.begin('sk-demo', { session_id: 's' });
    const { server, recover } = await withFailingHook();
    for (const seconds of [0, 4, 8, 12]) {
      app.setTime(NOW + seconds);
      expect((await server.refresh(refreshToken, { session_id: 's' })).status).toBe(500);
    }
    recover();

    expect((await server.refresh(refreshToken, { session_id: 's' })).status).toBe(200);
    expect(app.records.filter(({ type }) => type === 'session.ended')).toEqual([]);
  });

  test('leaves no session without a client', async () => {
    const { server, recover } = await withFailingHook();
    for (let count = 0; count < 5; count += 1) expect((await server.begin('sk-demo')).status).toBe(500);
    expect((await app.sessions.list({ clientId: 'demo' })).sessions).toEqual([]);
    recover();

    expect((await server.begin('sk-demo')).status).toBe(200);
  });
});

describe('a store that rejects writes', () => {
  const UNAVAILABLE = new TemporarilyUnavailableError();

  test('prevents the comparison of devices, so that responses do not reveal the right one', async () => {
    const { refreshToken } = await app.begin('sk-device', { device_id: 'right' });
    const written: FamilyStore['replace'] = () => Promise.reject(UNAVAILABLE);
    const server = await app.rebuild({
      files: SESSION_KEYS,
      families: { ...app.stores.families, replace: written },
    });
    const before = server.records.length;
    const answers = [];
    for (const device of ['wrong', 'right']) {
      const { status, body } = await server.refresh(
        refreshToken,
        { ...PUBLIC, device_id: device },
        undefined,
      );
      answers.push({ status, body });
    }

    expect(answers[0]).toMatchObject({ status: 503 });
    expect(answers[1]).toEqual(answers[0]);
    const types = server.records.slice(before).map(({ type }) => type);
    expect(new Set(types)).toEqual(new Set(['issuance.refused']));
    expect((await app.refresh(refreshToken, PUBLIC, undefined)).status).toBe(200);
  });
});

test('repeated scope tokens take no space in the store', async () => {
  const { refreshToken } = await app.begin('sk-demo', { session_id: 's', scope: 'read offline_access' });
  const scope = Array.from({ length: 500 }, () => 'read').join(' ');
  await app.refresh(refreshToken, { session_id: 's', scope });
  const { families } = await app.stores.families.list({ kind: 'api_key', clientId: 'demo' }, { limit: 1 });

  expect(families[0]?.state.parent?.requestedScope).toBe('read');
});

test('fifty concurrent correct uses of one bound token get the same successor', async () => {
  const { refreshToken } = await app.begin('sk-device', { device_id: 'right' });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => app.refresh(refreshToken, PUBLIC, undefined)),
  );

  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
});

describe('an end that fails half-way', () => {
  test('covers tokens issued until it failed, since a retry no longer finds the session', async () => {
    await app.begin('sk-demo', { session_id: 's' });
    const replace: FamilyStore['replace'] = async (family) => {
      await app.stores.families.replace(family);
      app.setTime(NOW + 1);
      throw new TemporarilyUnavailableError();
    };
    const server = await app.rebuild({ families: { ...app.stores.families, replace } });
    const session = { clientId: 'demo', subject: 'demo', sessionId: 's' };
    await expect(server.sessions.end(session)).rejects.toMatchObject({ status: 503 });

    expect(app.revocations.isFamilyRevoked({ ...session, createdAt: NOW + 1 })).toBe(true);
  });

  test('of all sessions but one ends each session once, for any number of families', async () => {
    for (let count = 0; count < 5; count += 1) await app.begin('sk-demo', { session_id: 's' });
    await app.begin('sk-demo', { session_id: 'kept' });
    const keep = { subject: 'demo', sessionId: 'kept' };

    expect(await app.sessions.endAll({ clientId: 'demo', subject: 'demo', keep })).toBe(5);
    expect((await app.sessions.list({ clientId: 'demo' })).sessions).toHaveLength(1);
  });
});
