import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { createSteadyClock } from 'passport-jwe';
import { createMemoryStores } from 'passport-jwe/stores';
import request from 'supertest';
import { clockCheck } from '../../examples/gateway/health/clock-check.js';
import { type Finding, type HealthCheck, PASSED } from '../../examples/gateway/health/finding.js';
import { describeHealth } from '../../examples/gateway/health/health-report.js';
import { refreshedCheck } from '../../examples/gateway/health/refreshed-check.js';
import { storeCheck } from '../../examples/gateway/health/store-checks.js';
import { watchHealth } from '../../examples/gateway/health/watch-health.js';
import { healthRoutes } from '../../examples/gateway/routes/health.js';
import { createSettableMachine } from '../support/settable-machine.js';
import { clock } from '../support/tokens.js';

const REFUSED: Finding = { state: 'failed', reason: 'connection_refused', advice: 'Start Redis' };
const TIMEOUT: Finding = { state: 'failed', reason: 'timeout', advice: 'Check the network' };

/** Health of one check whose result a test sets, with the log and the time. */
async function watchSettable() {
  const present = { finding: PASSED, nowMs: 0 };
  const lines: unknown[] = [];
  const log =
    (level: string) =>
    (fields: object): void =>
      void lines.push({ level, ...fields });
  const health = await watchHealth({
    checks: { stores: { read: () => present.finding } },
    logger: { error: log('error'), warn: log('warn'), info: log('info') },
    now: () => present.nowMs,
  });
  health.close();
  return { present, lines, health };
}

describe('the log of the health checks', () => {
  test('has one line for a failure that lasts, and one for the recovery with its duration', async () => {
    const { present, lines, health } = await watchSettable();
    present.finding = REFUSED;
    for (const nowMs of [1000, 2000, 3000]) {
      present.nowMs = nowMs;
      await health.update();
    }
    present.finding = PASSED;
    for (const nowMs of [4500, 5500]) {
      present.nowMs = nowMs;
      await health.update();
    }

    expect(lines).toEqual([
      { level: 'error', check: 'stores', reason: 'connection_refused', advice: 'Start Redis' },
      { level: 'info', check: 'stores', duration_ms: 3500 },
    ]);
  });

  test('has one line for each change of the cause, and the duration since the first', async () => {
    const { present, lines, health } = await watchSettable();
    for (const [nowMs, finding] of [
      [1000, REFUSED],
      [2000, TIMEOUT],
      [3000, PASSED],
    ] as const) {
      Object.assign(present, { nowMs, finding });
      await health.update();
    }

    expect(lines).toMatchObject([
      { reason: 'connection_refused' },
      { reason: 'timeout' },
      { level: 'info', duration_ms: 2000 },
    ]);
  });

  test('has a warning for a degraded check', async () => {
    const { present, lines, health } = await watchSettable();
    present.finding = { state: 'degraded', reason: 'clock_skew', advice: 'a', facts: { skew_seconds: 2 } };
    await health.update();

    expect(lines).toEqual([
      { level: 'warn', check: 'stores', reason: 'clock_skew', advice: 'a', skew_seconds: 2 },
    ]);
  });
});

describe('a check that waits for a dependency', () => {
  test('reports that it is overdue after the deadline, and starts no second inspection meanwhile', async () => {
    let started = 0;
    let answer = (_finding: Finding): void => {};
    const check = refreshedCheck({
      inspect: () => {
        started += 1;
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
      deadlineMs: 5,
      overdue: () => TIMEOUT,
    });
    await check.refresh?.();
    await check.refresh?.();
    expect([started, check.read()]).toEqual([1, TIMEOUT]);

    const refreshed = check.refresh?.();
    answer(PASSED);
    await refreshed;
    expect([started, check.read()]).toEqual([1, PASSED]);
  });
});

describe('the check of the store', () => {
  test('writes at most once per pause while the store is ready', async () => {
    const { counters } = createMemoryStores({ clock });
    const stores = { counters, isReady: () => true };
    const check = storeCheck({ stores, clock, isRequired: true, pauseMs: 60_000, deadlineMs: 1000 });
    for (let round = 0; round < 3; round += 1) await check.refresh?.();

    expect(await counters.read('readiness')).toBe(1);
  });

  test('writes at once if the store reports that it is not ready', async () => {
    const { counters } = createMemoryStores({ clock });
    let isReady = true;
    const check = storeCheck({
      ...{ stores: { counters, isReady: () => isReady }, clock },
      ...{ isRequired: true, pauseMs: 60_000, deadlineMs: 1000 },
    });
    await check.refresh?.();
    isReady = false;
    await check.refresh?.();

    expect(await counters.read('readiness')).toBe(2);
  });
});

describe('the cause of a store failure', () => {
  test('remains while the client reconnects without a cause', async () => {
    const messages = ['READONLY a replica', 'Connection is closed.', 'connect ECONNREFUSED'];
    const stores = {
      counters: {
        read: async () => 0,
        add: async () => {
          throw new Error(messages.shift());
        },
      },
      isReady: () => true,
    };
    const check = storeCheck({ stores, clock, isRequired: true, pauseMs: 0, deadlineMs: 1000 });
    const reasons: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      await check.refresh?.();
      reasons.push(Reflect.get(check.read(), 'reason'));
    }

    expect(reasons).toEqual(['read_only', 'read_only', 'connection_refused']);
  });
});

describe('the check of the clock', () => {
  const SKEWS = [
    [0.9, 'passed', undefined],
    [-0.9, 'passed', undefined],
    [1.5, 'degraded', 1.5],
    [-1.5, 'degraded', -1.5],
    [5, 'degraded', 5],
    [5.1, 'failed', 5.1],
    [-5.1, 'failed', -5.1],
  ] as const;

  test('warns of a skew of 1 s against the store, and fails above the tolerance of 5 s', async () => {
    const machine = createSettableMachine();
    const own = createSteadyClock({ clock: machine.clock, monotonic: machine.monotonic });
    const results: unknown[] = [];
    for (const [skew] of SKEWS) {
      const check = clockCheck(own, async () => machine.truth() - skew);
      await check.refresh?.();
      results.push([skew, check.read().state, Reflect.get(check.read(), 'facts')?.skew_seconds]);
    }

    expect(results).toEqual(SKEWS);
  });

  test('ignores the latency of the reply', async () => {
    const machine = createSettableMachine();
    const own = createSteadyClock({ clock: machine.clock, monotonic: machine.monotonic });
    const check = clockCheck(own, async () => {
      machine.pass(4);
      return machine.truth() - 2;
    });
    await check.refresh?.();

    expect(check.read()).toEqual(PASSED);
  });

  test('keeps the last result while the store is unavailable', async () => {
    const machine = createSettableMachine();
    const own = createSteadyClock({ clock: machine.clock, monotonic: machine.monotonic });
    let isAvailable = true;
    const check = clockCheck(own, async () => {
      if (!isAvailable) throw new Error('unavailable');
      return machine.truth() - 10;
    });
    await check.refresh?.();
    isAvailable = false;
    await check.refresh?.();

    expect(check.read()).toMatchObject({ state: 'failed', reason: 'clock_skew' });
  });

  test('fails at once after a step of the system time', () => {
    const machine = createSettableMachine();
    const own = createSteadyClock({ clock: machine.clock, monotonic: machine.monotonic });
    const check = clockCheck(own);
    machine.set(3600);

    expect(check.read()).toMatchObject({ state: 'failed', reason: 'clock_stepped' });
  });
});

describe('/readyz', () => {
  const read = async (checks: Readonly<Record<string, HealthCheck>>, query = '') => {
    const findings = new Map(Object.entries(checks).map(([name, check]) => [name, check.read()]));
    const app = express().use(healthRoutes(() => describeHealth(findings, { isDraining: false })));
    const { status, body, headers } = await request(app).get(`/readyz${query}`);
    return { status, body, headers };
  };
  const failed = { read: () => REFUSED };

  test('answers 503 with the reason and the advice of each failed check', async () => {
    const { status, body, headers } = await read({ stores: failed });

    expect([status, headers['cache-control']]).toEqual([503, 'no-store']);
    expect(body).toEqual({
      status: 'unavailable',
      checks: { stores: false, accepting: true },
      details: [{ check: 'stores', reason: 'connection_refused', advice: 'Start Redis' }],
    });
  });

  test('answers 200 with a warning for a degraded check', async () => {
    const degraded: Finding = { state: 'degraded', reason: 'disk_full', advice: 'Delete files' };

    expect(await read({ stores: { read: () => degraded } })).toMatchObject({
      status: 200,
      body: {
        status: 'ok',
        checks: { stores: true },
        warnings: ['stores (disk_full): Delete files'],
      },
    });
  });

  test('answers 200 if the probe excludes the failed checks of the shared store, and still reports them', async () => {
    const { status, body } = await read(
      { stores: failed, revocations: failed },
      '?exclude=stores&exclude=revocations',
    );

    expect([status, body.status, body.checks]).toEqual([
      ...[200, 'ok'],
      { stores: false, revocations: false, accepting: true },
    ]);
    expect((await read({ stores: failed, revocations: failed }, '?exclude=stores,revocations')).status).toBe(
      200,
    );
  });

  test('excludes neither other checks nor malformed names', async () => {
    const statuses = await Promise.all(
      ['?exclude=clock', '?exclude[stores]=1', '?exclude=', '?exclude=stores'].map(
        async (query) => (await read({ clock: failed }, query)).status,
      ),
    );

    expect(statuses).toEqual([503, 503, 503, 503]);
  });
});
