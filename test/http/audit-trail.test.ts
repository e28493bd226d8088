import { beforeEach, describe, expect, test } from '@jest/globals';
import { ACCESS_TOKEN_TYPE, type AuditedApp, BILLING, createAuditedApp } from '../support/audited-app.js';
import { NOW } from '../support/tokens.js';

let app: AuditedApp;

beforeEach(async () => {
  app = await createAuditedApp();
});

const CREDENTIALS = { grant_type: 'client_credentials' };
const OFFLINE = { ...CREDENTIALS, scope: 'read manage:sessions offline_access', user: 'alice' };
const TOKEN_EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: ACCESS_TOKEN_TYPE,
};
const LOOPBACK = expect.stringContaining('127.0.0.1');

const refresh = (token: string) => app.post({ grant_type: 'refresh_token', refresh_token: token });
const recordsOf = (...types: readonly string[]) => app.records.filter(({ type }) => types.includes(type));

const pick = (record: object, names: readonly string[]) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name)));

/** Every way to a token: what the last request is, with what came before it done already. */
const WAYS: readonly (readonly [string, () => Promise<() => ReturnType<AuditedApp['post']>>])[] = [
  ['an access token', async () => () => app.post(CREDENTIALS)],
  ['a service token', async () => () => app.post({ ...CREDENTIALS, audience: BILLING })],
  ['the first refresh token', async () => () => app.post(OFFLINE)],
  [
    'a refresh',
    async () => {
      const { refreshToken } = await app.post(OFFLINE);
      return () => refresh(refreshToken);
    },
  ],
  [
    'a delegated token',
    async () => {
      const { accessToken } = await app.post({ ...CREDENTIALS, user: 'alice' });
      return () => app.post({ ...TOKEN_EXCHANGE, subject_token: accessToken });
    },
  ],
];

describe.each(WAYS)('%s', (_, prepare) => {
  test('records each token as intended, then as issued', async () => {
    const ask = await prepare();
    const before = app.records.length;
    const { status } = await ask();
    const recorded = app.records.slice(before).flatMap((record) => ('jti' in record ? [record] : []));
    const intents = recorded.filter(({ type }) => type === 'token.intended');

    expect(status).toBe(200);
    expect(intents.length).toBeGreaterThan(0);
    for (const { jti } of intents) {
      const story = recorded.filter((record) => record.jti === jti).map(({ type }) => type);
      expect(story).toEqual(['token.intended', 'token.issued']);
    }
  });

  test('records the client address with both events', async () => {
    const ask = await prepare();
    const before = app.records.length;
    await ask();
    const recorded = app.records
      .slice(before)
      .filter(({ type }) => type === 'token.intended' || type === 'token.issued');

    expect(recorded.length).toBeGreaterThan(1);
    for (const record of recorded) expect(record).toMatchObject({ ip: LOOPBACK });
  });

  test.each(['token.intended', 'token.issued'] as const)(
    'answers 503 if no sink accepts %s',
    async (type) => {
      const ask = await prepare();
      const before = app.records.length;
      app.refuse(type);
      const answer = await ask();

      expect(answer).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
      expect([answer.accessToken, answer.refreshToken]).toEqual(['', '']);
      expect(app.records.slice(before).map((record) => record.type)).not.toContain('token.issued');
    },
  );
});

describe('a refresh', () => {
  test('whose intent cannot be recorded consumes nothing, however long that lasts', async () => {
    const { refreshToken } = await app.post(OFFLINE);
    app.refuse('token.intended');
    expect((await refresh(refreshToken)).status).toBe(503);
    app.setTime(NOW + 3600);
    app.refuse();

    expect((await refresh(refreshToken)).status).toBe(200);
  });

  test('whose outcome cannot be recorded consumes nothing either, however long that lasts', async () => {
    const { refreshToken } = await app.post(OFFLINE);
    app.refuse('token.issued');
    expect((await refresh(refreshToken)).status).toBe(503);
    app.setTime(NOW + 3600);
    app.refuse();

    expect((await refresh(refreshToken)).status).toBe(200);
  });

  test('is recorded as a repetition within the grace window', async () => {
    const { refreshToken } = await app.post(OFFLINE);
    await refresh(refreshToken);
    const [first] = recordsOf('token.issued').slice(-1);
    await refresh(refreshToken);

    expect(first).toMatchObject({ tokenType: 'refresh' });
    expect(recordsOf('token.issued').at(-1)).toMatchObject({ ...first, repeated: true });
  });
});

describe('a revocation', () => {
  test('succeeds even if every sink fails', async () => {
    const { accessToken, refreshToken } = await app.post(OFFLINE);
    app.refuse('session.ended', 'revocation.added', 'token.refused');

    expect(await app.revoke(refreshToken)).toBe(200);
    expect(await app.use(accessToken, 'read')).toBe(401);
  });
});

describe('the client address', () => {
  test('is recorded with every step of a session, and with its revocation', async () => {
    const { refreshToken } = await app.post(OFFLINE);
    const next = await refresh(refreshToken);
    await app.revoke(next.refreshToken);
    const steps = recordsOf('session.started', 'session.refreshed', 'session.ended', 'revocation.added');

    expect(steps).toMatchObject([
      { type: 'session.started', ip: LOOPBACK },
      { type: 'session.refreshed', ip: LOOPBACK },
      { type: 'revocation.added', kind: 'session', requestedBy: 'demo', ip: LOOPBACK },
      { type: 'session.ended', reason: 'revoked', ip: LOOPBACK },
    ]);
  });

  test('is recorded if an old refresh token is reused', async () => {
    const { refreshToken } = await app.post(OFFLINE);
    await refresh(refreshToken);
    app.setTime(NOW + 60);
    await refresh(refreshToken);

    expect(recordsOf('session.ended')).toMatchObject([{ reason: 'reused', ip: LOOPBACK }]);
  });

  test('is recorded if a token is revoked', async () => {
    const { accessToken } = await app.post(CREDENTIALS);
    await app.revoke(accessToken);

    expect(recordsOf('revocation.added')).toMatchObject([{ kind: 'token', ip: LOOPBACK }]);
  });

  test.each([
    ['all sessions', 'subject', ''],
    ['a session', 'session', 's1'],
  ])('is recorded if a user ends %s', async (_, kind, sessionId) => {
    const { accessToken } = await app.post({ ...OFFLINE, session_id: 's1' });
    await app.endSessions(accessToken, sessionId);

    expect(recordsOf('session.ended', 'revocation.added')).toMatchObject([
      { type: 'revocation.added', kind, ip: LOOPBACK },
      { type: 'session.ended', ip: LOOPBACK },
    ]);
  });
});

describe('the key of a token', () => {
  test('is recorded with the acceptance and the rejection of a verified token', async () => {
    const { accessToken } = await app.post(CREDENTIALS);
    const [issued] = recordsOf('token.issued');
    const kid = issued !== undefined && 'kid' in issued ? issued.kid : undefined;
    await app.use(accessToken, 'read');
    await app.use(accessToken, 'admin');

    expect(kid).toEqual(expect.any(String));
    expect(recordsOf('token.accepted')).toMatchObject([{ kid }]);
    expect(recordsOf('token.refused')).toMatchObject([{ code: 'ERR_INSUFFICIENT_SCOPE', kid }]);
  });
});

describe('a token that is revoked', () => {
  test('is identified when it is rejected, including its key', async () => {
    const { accessToken } = await app.post({ ...CREDENTIALS, user: 'alice' });
    const [issued = {}] = recordsOf('token.issued');
    await app.revoke(accessToken);
    await app.use(accessToken, 'read');

    expect(issued).toMatchObject({ clientId: 'demo', subject: 'alice' });
    expect(recordsOf('token.refused')).toMatchObject([
      { reason: 'revoked', ...pick(issued, ['jti', 'kid', 'clientId', 'subject']), ip: LOOPBACK, count: 1 },
    ]);
  });
});

describe('events caused by unauthenticated clients', () => {
  test('are counted: malformed tokens', async () => {
    for (let number = 0; number < 5; number += 1) await app.use(`not-a-token-${number}`, 'read');
    await app.flush();

    expect(recordsOf('token.refused')).toMatchObject([{ count: 1 }, { count: 4 }]);
  });

  test('are counted: malformed refresh tokens of a client that only identifies itself', async () => {
    const guess = { grant_type: 'refresh_token', client_id: 'device', refresh_token: 'x', device_id: 'd' };
    for (let number = 0; number < 5; number += 1) await app.post(guess, undefined);
    await app.flush();

    expect(recordsOf('issuance.refused')).toMatchObject([
      { clientId: 'device', clientAsserted: true, count: 1 },
      { clientId: 'device', clientAsserted: true, count: 4 },
    ]);
  });
});

test('no audit event contains a token or an API key', async () => {
  const first = await app.post(OFFLINE);
  const second = await refresh(first.refreshToken);
  const third = await refresh(first.refreshToken);
  await app.use(second.accessToken, 'read');
  await app.use(`${second.accessToken}x`, 'read');
  await app.post(CREDENTIALS, 'sk-guess');
  await app.revoke(second.refreshToken);
  await app.flush();
  const written = JSON.stringify(app.records);
  const tokens = [first, second, third].flatMap(({ accessToken, refreshToken }) => [
    accessToken,
    refreshToken,
  ]);

  expect(tokens.every((token) => token.length > 100)).toBe(true);
  for (const secret of [...tokens.map((token) => token.split('.')[3] ?? ''), 'sk-demo', 'sk-guess']) {
    expect(written).not.toContain(secret);
  }
});
