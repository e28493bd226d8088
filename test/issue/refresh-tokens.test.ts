import { beforeEach, describe, expect, test } from '@jest/globals';
import { TemporarilyUnavailableError } from 'passport-jwe';
import {
  createSessionApp,
  OTHER_AUDIENCE,
  SESSION_KEYS,
  type SessionAnswer,
  type SessionApp,
} from '../support/session-app.js';
import { AUDIENCE, NOW } from '../support/tokens.js';

let app: SessionApp;

beforeEach(async () => {
  app = await createSessionApp();
});

const INVALID_GRANT = { status: 400, body: { error: 'invalid_grant' } };
const INVALID_SCOPE = { status: 400, body: { error: 'invalid_scope' } };

/** Why the last request was refused, as the audit trail has it. */
function lastReason(): unknown {
  const refusals = app.records.flatMap((record) => (record.type === 'issuance.refused' ? [record] : []));
  return refusals.at(-1)?.reason;
}

async function expectLive(answer: SessionAnswer, parameters: Record<string, string> = {}): Promise<void> {
  expect((await app.refresh(answer.refreshToken, parameters)).status).toBe(200);
}

describe('offline_access', () => {
  test('in the scope requests a refresh token and is repeated in the response (RFC 6749 §5.1)', async () => {
    const answer = await app.begin('sk-demo', { scope: 'read offline_access' });

    expect(answer).toMatchObject({
      status: 200,
      body: { scope: 'read offline_access', token_type: 'Bearer' },
    });
    expect(answer.refreshToken).not.toBe('');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('is not part of the scope of the tokens', async () => {
    const { accessToken, refreshToken } = await app.begin('sk-demo', { scope: 'read offline_access' });

    expect((await app.introspect(accessToken)).body['scope']).toBe('read');
    expect((await app.introspect(refreshToken)).body['scope']).toBe('read');
  });

  test('alone grants all permissions', async () => {
    expect((await app.begin()).body['scope']).toBe('read write offline_access');
  });

  test('alone is the scope of a response if the key has no permissions', async () => {
    expect((await app.begin('sk-other')).body['scope']).toBe('offline_access');
  });

  test.each([
    [{}, 'read write offline_access'],
    [{ scope: 'read offline_access' }, 'read offline_access'],
    [{ scope: 'read' }, 'read'],
  ])('is repeated at a refresh with %j if the scope contains it (RFC 6749 §6)', async (parameters, scope) => {
    const first = await app.begin();

    expect((await app.refresh(first.refreshToken, parameters)).body['scope']).toBe(scope);
  });

  test('is rejected for a key whose refresh tokens are off', async () => {
    expect(await app.begin('sk-off')).toMatchObject(INVALID_SCOPE);
  });

  test('is required for a refresh token', async () => {
    expect((await app.begin('sk-demo', { scope: 'read' })).refreshToken).toBe('');
  });
});

describe('a refresh token', () => {
  test('yields a new pair', async () => {
    const first = await app.begin();
    const second = await app.refresh(first.refreshToken);

    expect(second.status).toBe(200);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(await app.use(second.accessToken)).toBe(200);
    expect(second.headers['cache-control']).toBe('no-store');
  });

  test('is rejected by every API', async () => {
    expect(await app.use((await app.begin()).refreshToken)).toBe(401);
  });

  test('narrows the access token by scope, but not later ones', async () => {
    const narrow = await app.refresh((await app.begin()).refreshToken, { scope: 'read' });
    const full = await app.refresh(narrow.refreshToken);

    expect([narrow.body['scope'], full.body['scope']]).toEqual(['read', 'read write offline_access']);
  });

  test('is not consumed by a request for a scope that was not granted', async () => {
    const first = await app.begin('sk-demo', { scope: 'read offline_access' });

    expect(await app.refresh(first.refreshToken, { scope: 'write' })).toMatchObject(INVALID_SCOPE);
    await expectLive(first);
  });

  test('grants no permission that its API key has lost', async () => {
    const first = await app.begin();
    const demo = String(SESSION_KEYS['demo.yaml']).replace('read, write', 'read');
    const later = await app.rebuild({ files: { ...SESSION_KEYS, 'demo.yaml': demo } });

    expect((await later.refresh(first.refreshToken)).body['scope']).toBe('read offline_access');
  });

  test.each([['refresh_tokens: "off"'], ['audiences: [https://elsewhere.example.com]']])(
    'ends if its API key is set to %s',
    async (line) => {
      const first = await app.begin();
      const demo = `${SESSION_KEYS['demo.yaml']}${line}\n`;
      const later = await app.rebuild({ files: { ...SESSION_KEYS, 'demo.yaml': demo } });

      expect(await later.refresh(first.refreshToken)).toMatchObject(INVALID_GRANT);
    },
  );

  test.each([['x'], ['a.b.c.d.e'], ['x'.repeat(5000)]])(
    'that is malformed is an invalid grant: %#',
    async (token) => {
      expect(await app.refresh(token)).toMatchObject(INVALID_GRANT);
      expect(lastReason()).toBe('malformed');
    },
  );

  test('is no access token', async () => {
    expect(await app.refresh((await app.begin()).accessToken)).toMatchObject(INVALID_GRANT);
  });

  test('is required', async () => {
    expect(await app.refresh('')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });
});

describe('a refresh token is bound', () => {
  test('to its client', async () => {
    const first = await app.begin();

    expect(await app.refresh(first.refreshToken, {}, 'sk-other')).toMatchObject(INVALID_GRANT);
    expect(lastReason()).toBe('wrong_client');
    await expectLive(first);
  });

  test.each([
    [{ device_id: 'd1' }, { device_id: 'd2' }, 'wrong_device'],
    [{}, { device_id: 'd1' }, 'wrong_device'],
    [{ session_id: 's1' }, { session_id: 's2' }, 'wrong_session'],
    [{}, { session_id: 's2' }, 'wrong_session'],
  ])('to the IDs that the client sent: %j, then %j', async (named, parameters, reason) => {
    const first = await app.begin('sk-demo', named);

    expect(await app.refresh(first.refreshToken, parameters)).toMatchObject(INVALID_GRANT);
    expect(lastReason()).toBe(reason);
    await expectLive(first, named);
  });

  test('to IDs that an authenticated client may omit, as off-the-shelf clients do', async () => {
    const first = await app.begin('sk-demo', { session_id: 's1', device_id: 'd1' });
    const second = await app.refresh(first.refreshToken);

    expect(second.status).toBe(200);
    await expectLive(second, { device_id: 'd1' });
    expect((await app.findFamily(first.refreshToken))?.state.wrongBindings).toBeUndefined();
  });

  test.each([
    [{ session_id: 's1' }, 'wrong_device'],
    [{ device_id: 'd1' }, 'wrong_session'],
  ])('to IDs that a public client must send: with %j only, it is rejected', async (parameters, reason) => {
    const first = await app.begin('sk-device', { session_id: 's1', device_id: 'd1' });
    const named = { client_id: 'device', ...parameters };

    expect(await app.refresh(first.refreshToken, named, undefined)).toMatchObject(INVALID_GRANT);
    expect(lastReason()).toBe(reason);
  });
});

describe('the target of a refresh (RFC 8707 §2)', () => {
  test.each([[{ resource: AUDIENCE }], [{ resource: `${AUDIENCE}/` }], [{ audience: AUDIENCE }]])(
    'may repeat the granted audience: %j',
    async (target) => {
      expect((await app.refresh((await app.begin()).refreshToken, target)).status).toBe(200);
    },
  );

  test.each([[{ resource: OTHER_AUDIENCE }], [{ audience: OTHER_AUDIENCE }]])(
    'is rejected if it was not granted, and the refresh token stays usable: %j',
    async (target) => {
      const first = await app.begin();

      expect(await app.refresh(first.refreshToken, target)).toMatchObject({
        status: 400,
        body: { error: 'invalid_target' },
      });
      await expectLive(first);
    },
  );
});

describe('a refresh token ends', () => {
  const DAY = 86_400;

  test.each([
    [30 * DAY - 1, 200],
    [30 * DAY + 1, 400],
  ])('if it is not used for 30 days: after %i s the status is %i', async (seconds, status) => {
    const first = await app.begin();
    app.setTime(NOW + seconds);

    expect((await app.refresh(first.refreshToken)).status).toBe(status);
  });

  test('after 90 days, however often it was used', async () => {
    let answer = await app.begin();
    for (const day of [25, 50, 75, 89]) {
      app.setTime(NOW + day * DAY);
      answer = await app.refresh(answer.refreshToken);
      expect(answer.status).toBe(200);
    }
    app.setTime(NOW + 91 * DAY);

    expect(await app.refresh(answer.refreshToken)).toMatchObject(INVALID_GRANT);
  });

  test.each([
    ['subject', { kind: 'subject', clientId: 'demo', subject: 'alice' }],
    ['session', { kind: 'session', clientId: 'demo', sessionId: 's1' }],
    ['API key', { kind: 'api_key', clientId: 'demo' }],
  ] as const)('with its %s; a later one stays valid', async (_name, target) => {
    const named = { user: 'alice', session_id: 's1' };
    const before = await app.begin('sk-demo', named);
    await app.revocations.revoke(target);
    app.setTime(NOW + 1);
    const after = await app.begin('sk-demo', named);

    expect(await app.refresh(before.refreshToken, { session_id: 's1' })).toMatchObject(INVALID_GRANT);
    expect(lastReason()).toBe('revoked');
    await expectLive(after, { session_id: 's1' });
  });

  test('by POST /oauth/revoke, with the access tokens of its session', async () => {
    const first = await app.begin();
    const second = await app.refresh(first.refreshToken);

    expect((await app.revoke(second.refreshToken)).status).toBe(200);
    expect((await app.revoke(second.refreshToken)).status).toBe(200);
    expect(await app.refresh(second.refreshToken)).toMatchObject(INVALID_GRANT);
    expect([await app.use(first.accessToken), await app.use(second.accessToken)]).toEqual([401, 401]);
  });

  test('not by POST /oauth/revoke of another client', async () => {
    const first = await app.begin();

    expect(await app.revoke(first.refreshToken, 'sk-other')).toMatchObject(INVALID_GRANT);
    await expectLive(first);
  });
});

describe('a refresh token that is used twice', () => {
  test('yields the same successor within 10 seconds, and a new access token', async () => {
    const first = await app.begin();
    const one = await app.refresh(first.refreshToken);
    app.setTime(NOW + 10);
    const other = await app.refresh(first.refreshToken);

    expect(other.refreshToken).toBe(one.refreshToken);
    expect(other.accessToken).not.toBe(one.accessToken);
    await expectLive(other);
  });

  test('with another scope is rejected, but ends nothing', async () => {
    const first = await app.begin();
    const one = await app.refresh(first.refreshToken);

    expect(await app.refresh(first.refreshToken, { scope: 'read' })).toMatchObject(INVALID_GRANT);
    expect(lastReason()).toBe('wrong_scope');
    await expectLive(one);
  });

  test.each([
    ['later than that', async () => app.setTime(NOW + 11)],
    ['after its successor was used', async (successor: string) => void (await app.refresh(successor))],
  ])('%s ends the family and records an audit event', async (_name, meanwhile) => {
    const first = await app.begin();
    const second = await app.refresh(first.refreshToken);
    await meanwhile(second.refreshToken);

    expect(await app.refresh(first.refreshToken)).toMatchObject(INVALID_GRANT);
    expect(lastReason()).toBe('reused');
    expect(app.records).toContainEqual(
      expect.objectContaining({ type: 'session.ended', clientId: 'demo', reason: 'reused' }),
    );
    expect(await app.refresh(second.refreshToken)).toMatchObject(INVALID_GRANT);
    expect(lastReason()).toBe('ended');
  });
});

describe('a device without an API key', () => {
  const named = { client_id: 'device', device_id: 'd1' };

  test('refreshes with the key_id and its device ID', async () => {
    const first = await app.begin('sk-device', { device_id: 'd1' });

    expect((await app.refresh(first.refreshToken, named, undefined)).status).toBe(200);
  });

  test('must be named when the session begins', async () => {
    expect(await app.begin('sk-device')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  test('cannot use the token of another device', async () => {
    const first = await app.begin('sk-device', { device_id: 'd1' });
    const stolen = await app.refresh(first.refreshToken, { ...named, device_id: 'd2' }, undefined);

    expect(stolen).toMatchObject(INVALID_GRANT);
  });

  test.each(['demo', 'off', 'nobody'])('does not authenticate as %s', async (clientId) => {
    const { refreshToken } = await app.begin();
    const answer = await app.refresh(refreshToken, { client_id: clientId }, undefined);

    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  test('cannot refresh with an inactive API key', async () => {
    const first = await app.begin('sk-device', { device_id: 'd1' });
    const inactive = `${SESSION_KEYS['device.yaml']}active: false\n`;
    const later = await app.rebuild({ files: { ...SESSION_KEYS, 'device.yaml': inactive } });

    expect((await later.refresh(first.refreshToken, named, undefined)).status).toBe(401);
  });
});

describe('while the store of families is unavailable', () => {
  test('the status is 503 with a Retry-After within the grace window, and no token is consumed', async () => {
    const first = await app.begin();
    const refuse = () => Promise.reject(new TemporarilyUnavailableError());
    const away = await app.rebuild({ families: { ...app.stores.families, replace: refuse } });
    const answer = await away.refresh(first.refreshToken);

    expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
    expect(Number(answer.headers['retry-after'])).toBeLessThan(10);
    await expectLive(first);
  });
});
