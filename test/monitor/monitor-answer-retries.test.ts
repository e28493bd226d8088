import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { TemporarilyUnavailableError } from 'passport-jwe';
import type { AnswersByKind, AnswerTarget, MonitorOptions } from 'passport-jwe/monitor';
import { createMonitoredTrail, eventOf } from '../support/monitored-trail.js';

const OUTAGE = new TemporarilyUnavailableError();
const SESSION = { kind: 'session', clientId: 'demo', sessionId: 's1', subject: 'alice' };
const TEN_MINUTES_MS = 607_000;
const AN_HOUR_MS = 3_600_000;

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

/** A monitor whose revocations fail until they are told otherwise; times are seconds since the beginning. */
function setUp(by: AnswersByKind = { refresh_token_reused: 'session' }, options: MonitorOptions = {}) {
  const began = Date.now();
  const attempts: number[] = [];
  const revoked: AnswerTarget[] = [];
  const errors: unknown[] = [];
  let isAway = true;
  const revocations = {
    async revoke(target: AnswerTarget) {
      attempts.push((Date.now() - began) / 1000);
      if (isAway) throw OUTAGE;
      revoked.push(target);
    },
    maxTokenLifetimeSeconds: 60,
  };
  const trail = createMonitoredTrail({
    answer: { revocations: () => revocations, by },
    onError: (error) => void errors.push(error),
    ...options,
  });
  return {
    ...{ ...trail, attempts, revoked, errors, revocations },
    setAway(away: boolean) {
      isAway = away;
    },
  };
}

const GIVEN_UP = expect.objectContaining({
  message:
    'createMonitor: the revocation for refresh_token_reused failed: check the revocation store and revoke manually',
  cause: OUTAGE,
});

describe('a failed answer', () => {
  test('succeeds when the store is available again, and onError receives only the first failure', async () => {
    const { recordAt, setAway, attempts, revoked, errors } = setUp();
    recordAt(0, eventOf.ended('reused'));
    await jest.advanceTimersByTimeAsync(20_000);
    setAway(false);
    await jest.advanceTimersByTimeAsync(AN_HOUR_MS);

    expect(attempts).toEqual([0, 1, 3, 7, 15, 31]);
    expect(revoked).toEqual([SESSION]);
    expect(errors).toEqual([OUTAGE]);
  });

  test('succeeds after the revocations function failed at first', async () => {
    const { revocations, revoked, setAway } = setUp();
    setAway(false);
    const ask = jest
      .fn(() => revocations)
      .mockImplementationOnce(() => {
        throw new ReferenceError('Cannot access revocations before initialization');
      });
    const { recordAt } = setUp(undefined, {
      answer: { revocations: ask, by: { refresh_token_reused: 'session' } },
    });
    recordAt(0, eventOf.ended('reused'));
    await jest.advanceTimersByTimeAsync(1000);

    expect(revoked).toEqual([SESSION]);
  });

  test('is retried with pauses of up to 32 seconds, for ten minutes', async () => {
    const { recordAt, attempts, errors } = setUp();
    recordAt(0, eventOf.ended('reused'));
    await jest.advanceTimersByTimeAsync(AN_HOUR_MS);

    expect(attempts).toHaveLength(24);
    expect(attempts.slice(-3)).toEqual([543, 575, 607]);
    expect(errors).toEqual([OUTAGE, GIVEN_UP]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('is retried once for any number of alerts, until ten minutes after the last', async () => {
    const { recordAt, attempts, errors } = setUp({ refusals_of_client: 'api_key' });
    const refuse = (seconds: number) =>
      recordAt(seconds, eventOf.issuanceRefused({ code: 'ERR_INVALID_SCOPE', clientId: 'demo' }), 60);
    refuse(0);
    await jest.advanceTimersByTimeAsync(300_000);
    refuse(300);
    await jest.advanceTimersByTimeAsync(0);
    expect([jest.getTimerCount(), errors.length]).toEqual([1, 1]);
    await jest.advanceTimersByTimeAsync(AN_HOUR_MS);

    expect(attempts.at(-1)).toBeGreaterThan(300 + 600);
    expect(errors).toHaveLength(2);
  });

  test('is retried once if two alerts are raised before it has failed', async () => {
    const { recordAt, errors } = setUp();
    for (const seconds of [0, 3600]) recordAt(seconds, eventOf.ended('reused'));
    await jest.advanceTimersByTimeAsync(0);

    expect(errors).toEqual([OUTAGE, OUTAGE]);
    expect(jest.getTimerCount()).toBe(1);
  });

  test('is not retried if 1000 others are waiting', async () => {
    const { recordAt, setAway, errors, revoked } = setUp();
    for (let index = 0; index < 1001; index += 1) recordAt(0, eventOf.ended('reused', `s${index}`));
    await jest.advanceTimersByTimeAsync(0);
    expect(jest.getTimerCount()).toBe(1000);
    expect(errors).toHaveLength(1001 + 1);
    expect(errors).toContainEqual(GIVEN_UP);
    setAway(false);
    await jest.advanceTimersByTimeAsync(1000);

    expect(revoked).toHaveLength(1000);
  });

  test('no longer counts as waiting after it succeeds', async () => {
    const { recordAt, setAway, errors } = setUp();
    for (let index = 0; index < 1000; index += 1) recordAt(0, eventOf.ended('reused', `s${index}`));
    await jest.advanceTimersByTimeAsync(0);
    setAway(false);
    await jest.advanceTimersByTimeAsync(1000);
    setAway(true);
    recordAt(0, eventOf.ended('reused', 's1000'));
    await jest.advanceTimersByTimeAsync(0);

    expect(errors).toEqual(Array(1001).fill(OUTAGE));
    expect(jest.getTimerCount()).toBe(1);
  });

  test('does not keep the process alive', async () => {
    const { recordAt } = setUp();
    const start = jest.spyOn(globalThis, 'setTimeout');
    recordAt(0, eventOf.ended('reused'));
    await jest.advanceTimersByTimeAsync(0);
    const timers = start.mock.results.map(({ value }) => value);
    start.mockRestore();

    expect(timers).toEqual([expect.anything()]);
    expect(Reflect.apply(Reflect.get(Object(timers[0]), 'hasRef'), timers[0], [])).toBe(false);
  });

  test('succeeds even if onError fails too', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const { recordAt, setAway, revoked } = setUp(undefined, {
      onError: () => {
        throw new Error('pager down');
      },
    });
    recordAt(0, eventOf.ended('reused'));
    await jest.advanceTimersByTimeAsync(0);
    setAway(false);
    await jest.advanceTimersByTimeAsync(TEN_MINUTES_MS);
    warn.mockRestore();

    expect(revoked).toEqual([SESSION]);
  });
});
