import { beforeAll, describe, expect, test } from '@jest/globals';
import { type DayReport, simulateDay } from '../support/simulated-day.js';

/** Further days by `MONITOR_DAYS`; docs/guides/monitor.md states the figures of ten. */
const DAYS = Number(process.env['MONITOR_DAYS'] ?? 1);

const PLAN = { users: 1000, machines: 10, attacksOfEach: 50 };

/** Least share of attacks that raise an alert, with the default thresholds. */
const LEAST: Readonly<Record<string, number>> = {
  'thief with a program of his own': 0.95,
  'thief with the same user agent': 0,
  'token that went round': 0.95,
  'refresh token that came back': 0.9,
  'guesses at API keys': 0.7,
  'probes beyond a scope': 0.7,
  'use of a revoked token': 0.95,
  'stolen API key': 0.9,
};

/** Most alerts a day for a hundred honest clients. */
const MOST_FALSE_ALARMS = 4;

describe.each(Array.from({ length: DAYS }, (_, index) => index + 1))('day %d of 1 010 clients', (seed) => {
  let report: DayReport;

  beforeAll(async () => {
    report = await simulateDay({ ...PLAN, seed });
    if (DAYS > 1) process.stdout.write(`${JSON.stringify(summarize(report))}\n`);
  }, 120_000);

  test.each(Object.entries(LEAST))(
    'the share of attacks that raise an alert, %s: %d or more',
    (name, least) => {
      const { launched = 0, detected = 0 } = report.attacks.get(name) ?? {};

      expect(launched).toBe(PLAN.attacksOfEach);
      expect(detected / launched).toBeGreaterThanOrEqual(least);
    },
  );

  test('there is no attack without such a share', () => {
    expect([...report.attacks.keys()]).toEqual(Object.keys(LEAST));
  });

  test(`false alarms stay below ${MOST_FALSE_ALARMS} a day for a hundred honest clients`, () => {
    const clients = PLAN.users + PLAN.machines;

    expect(report.requests).toBeGreaterThan(500_000);
    expect((report.falseAlarms.length / clients) * 100).toBeLessThan(MOST_FALSE_ALARMS);
  });
});

function summarize({ requests, attacks, falseAlarms }: DayReport) {
  const kinds = falseAlarms.map(({ kind }) => kind).sort();
  return { requests, falseAlarms: kinds.length, kinds, ...Object.fromEntries(attacks) };
}
