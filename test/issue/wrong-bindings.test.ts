import { beforeEach, describe, expect, test } from '@jest/globals';
import { TemporarilyUnavailableError } from 'passport-jwe';
import type { FamilyStore } from 'passport-jwe/stores';
import { describeOnDrivers } from '../support/drivers.js';
import { createSessionApp, type SessionAnswer, type SessionApp } from '../support/session-app.js';
import { NOW } from '../support/tokens.js';

const PUBLIC = { client_id: 'device' };
const RIGHT = { ...PUBLIC, device_id: 'd1' };
const INVALID_GRANT = { status: 400, body: { error: 'invalid_grant' } };
const WRONG_ATTEMPTS = [1, 2, 3, 4, 5];

let app: SessionApp;

const use = (token: string, parameters: Record<string, string>) => app.refresh(token, parameters, undefined);
const guess = (token: string, deviceId: number | string) =>
  use(token, { ...PUBLIC, device_id: `guess-${deviceId}` });
const begin = () => app.begin('sk-device', { device_id: 'd1' });

const reasonsOf = (): readonly unknown[] =>
  app.records.flatMap((record) => (record.type === 'issuance.refused' ? [record.reason] : []));
const endsOf = (): readonly unknown[] => app.records.filter((record) => record.type === 'session.ended');

/** A family store that lets other steps come first at each replacement, so that parallel uses meet. */
const slow = (families: FamilyStore, onReplaced = () => {}): FamilyStore => ({
  ...families,
  async replace(family) {
    await new Promise((resolve) => setImmediate(resolve));
    const isReplaced = await families.replace(family);
    if (isReplaced) onReplaced();
    return isReplaced;
  },
});

describeOnDrivers('wrong devices', (open) => {
  let first: SessionAnswer;

  beforeEach(async () => {
    app = await createSessionApp(undefined, open);
    first = await begin();
  });

  test('end the family at the fifth, even for the right device afterwards', async () => {
    for (const attempt of WRONG_ATTEMPTS) {
      expect(await guess(first.refreshToken, attempt)).toMatchObject(INVALID_GRANT);
    }

    expect(await use(first.refreshToken, RIGHT)).toMatchObject(INVALID_GRANT);
    expect(reasonsOf().slice(-2)).toEqual(['guessed', 'ended']);
    expect(endsOf()).toMatchObject([{ clientId: 'device', reason: 'guessed' }]);
  });

  test('do not end the family at the fourth', async () => {
    for (const attempt of WRONG_ATTEMPTS.slice(1)) await guess(first.refreshToken, attempt);

    expect((await use(first.refreshToken, RIGHT)).status).toBe(200);
  });

  test('are counted over all tokens of a family, despite refreshes in between', async () => {
    const tokens = [first.refreshToken];
    for (const attempt of WRONG_ATTEMPTS.slice(1)) {
      await guess(tokens.at(-1) ?? '', attempt);
      app.setTime(NOW + 60 * attempt);
      tokens.push((await use(tokens.at(-1) ?? '', RIGHT)).refreshToken);
    }
    await guess(tokens[0] ?? '', 'with-an-old-token');

    expect(reasonsOf().at(-1)).toBe('guessed');
    expect(await use(tokens.at(-1) ?? '', RIGHT)).toMatchObject(INVALID_GRANT);
  });

  test('are counted for a token that is in its grace window', async () => {
    const second = await use(first.refreshToken, RIGHT);
    for (const attempt of WRONG_ATTEMPTS) await guess(first.refreshToken, attempt);

    expect(await use(first.refreshToken, RIGHT)).toMatchObject(INVALID_GRANT);
    expect(await use(second.refreshToken, RIGHT)).toMatchObject(INVALID_GRANT);
  });

  test('that are 100 concurrent ones, on two servers, are compared up to the fifth', async () => {
    let replaced = 0;
    const families = slow(app.stores.families, () => {
      replaced += 1;
    });
    const one = await app.rebuild({ families });
    const other = await app.rebuild({ families });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, number) =>
        (number % 2 === 0 ? one : other).refresh(
          first.refreshToken,
          { ...PUBLIC, device_id: `guess-${number}` },
          undefined,
        ),
      ),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
    // A step before each comparison, and the count after it. A step of the other server in between repeats both.
    expect(replaced).toBeGreaterThanOrEqual(10);
    expect(replaced).toBeLessThan(20);
    expect((await app.findFamily(first.refreshToken))?.state).toMatchObject({
      wrongBindings: 5,
      ended: 'guessed',
    });
    expect(await use(first.refreshToken, RIGHT)).toMatchObject(INVALID_GRANT);
  });

  test.each([
    ['the live token', async () => first.refreshToken],
    [
      'a token in its grace window',
      async () => {
        await use(first.refreshToken, RIGHT);
        return first.refreshToken;
      },
    ],
  ])('concurrent with the right one are stored before it is answered, for %s', async (_name, prepare) => {
    const token = await prepare();
    const { families } = app.stores;
    const isWrong = new Set<number>();
    let guesses: Promise<unknown> | undefined;
    /** Five guesses come after the right device has been compared, and before it is answered. */
    const overtaken: FamilyStore = {
      ...families,
      async replace(family) {
        guesses ??= (async () => {
          for (const attempt of WRONG_ATTEMPTS) isWrong.add((await guess(token, attempt)).status);
        })();
        await guesses;
        return families.replace(family);
      },
    };
    const server = await app.rebuild({ families: overtaken });

    expect(await server.refresh(token, RIGHT, undefined)).toMatchObject(INVALID_GRANT);
    expect([...isWrong]).toEqual([400]);
  });

  test('that race with correct refreshes do not fail them', async () => {
    const server = await app.rebuild({ families: slow(app.stores.families) });
    const uses = [1, 2, 3].flatMap((attempt) => [
      server.refresh(first.refreshToken, { ...PUBLIC, device_id: `guess-${attempt}` }, undefined),
      server.refresh(first.refreshToken, RIGHT, undefined),
      server.refresh(first.refreshToken, RIGHT, undefined),
    ]);
    const answers = await Promise.all(uses);
    const statuses = answers.map(({ status }) => status);

    expect(statuses).toEqual([400, 200, 200, 400, 200, 200, 400, 200, 200]);
    const tokens = answers.map(({ refreshToken }) => refreshToken).filter((token) => token !== '');
    expect(new Set(tokens).size).toBe(1);
  });

  test('write nothing to a family that has ended', async () => {
    for (const attempt of WRONG_ATTEMPTS) await guess(first.refreshToken, attempt);
    const before = await app.findFamily(first.refreshToken);
    await guess(first.refreshToken, 'after-the-end');

    expect(before?.state.ended).toBe('guessed');
    expect(await app.findFamily(first.refreshToken)).toEqual(before);
  });

  test('are counted from 0 for a family that was stored without a count', async () => {
    expect((await app.findFamily(first.refreshToken))?.state).not.toHaveProperty('wrongBindings');
    await guess(first.refreshToken, 1);

    expect((await app.findFamily(first.refreshToken))?.state.wrongBindings).toBe(1);
  });
});

describe('a wrong binding', () => {
  beforeEach(async () => {
    app = await createSessionApp();
  });

  test('of a session ends the family at the fifth, even for a client with its secret', async () => {
    const named = { session_id: 's1', device_id: 'd1' };
    const { refreshToken } = await app.begin('sk-demo', named);
    const attempts = [{ session_id: 's2' }, { device_id: 'd2' }, { session_id: 's5' }, { session_id: 's3' }];
    for (const attempt of attempts) await app.refresh(refreshToken, { ...named, ...attempt });
    expect(reasonsOf()).toEqual(['wrong_session', 'wrong_device', 'wrong_session', 'wrong_session']);
    await app.refresh(refreshToken, { ...named, session_id: 's4' });

    expect(await app.refresh(refreshToken, named)).toMatchObject(INVALID_GRANT);
    expect(endsOf()).toMatchObject([{ reason: 'guessed', sessionId: 's1' }]);
  });

  test('is not counted if another client sends it', async () => {
    const { refreshToken } = await app.begin('sk-demo', { device_id: 'd1' });
    for (const _ of WRONG_ATTEMPTS) {
      await app.refresh(refreshToken, { device_id: 'd2' }, 'sk-other');
      await use(refreshToken, { ...PUBLIC, device_id: 'd2' });
    }

    expect(new Set(reasonsOf())).toEqual(new Set(['wrong_client']));
    expect((await app.refresh(refreshToken, { device_id: 'd1' })).status).toBe(200);
  });

  test('is answered with 503, and not compared, while the count cannot be stored', async () => {
    const { refreshToken } = await begin();
    const replace = () => Promise.reject(new TemporarilyUnavailableError());
    const away = await app.rebuild({ families: { ...app.stores.families, replace } });
    const wrong = await away.refresh(refreshToken, { ...PUBLIC, device_id: 'd2' }, undefined);
    const right = await away.refresh(refreshToken, RIGHT, undefined);

    expect(wrong).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
    expect(right).toMatchObject({ status: wrong.status, body: wrong.body });
  });

  test('is answered with 503 like the right one in the grace window, while nothing can be stored', async () => {
    const { refreshToken } = await begin();
    await use(refreshToken, RIGHT);
    const replace = () => Promise.reject(new TemporarilyUnavailableError());
    const away = await app.rebuild({ families: { ...app.stores.families, replace } });

    expect((await away.refresh(refreshToken, { ...PUBLIC, device_id: 'd2' }, undefined)).status).toBe(503);
    expect((await away.refresh(refreshToken, RIGHT, undefined)).status).toBe(503);
  });

  test('cannot be distinguished from the right one by a scope that was not granted', async () => {
    const { refreshToken } = await begin();
    const right = await use(refreshToken, { ...RIGHT, scope: 'nothing' });
    const wrong = await use(refreshToken, { ...PUBLIC, device_id: 'd2', scope: 'nothing' });

    expect(right).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    expect(wrong).toMatchObject({ status: right.status, body: right.body });
  });
});
