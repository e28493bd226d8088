import { describe, expect, test } from '@jest/globals';
import { createMonitoredTrail, eventOf } from '../support/monitored-trail.js';

const WINDOW_SECONDS = 300;

function setUp(thresholds = {}) {
  const trail = createMonitoredTrail({ thresholds: { sudden_rate: thresholds } });
  return {
    ...trail,
    /** Uses of tokens of a key, in one window after the other. */
    useInWindows(counts: readonly number[], from = 0) {
      for (const [index, count] of counts.entries()) {
        const seconds = (from + index) * WINDOW_SECONDS;
        if (count > 0) trail.recordAt(seconds, eventOf.accepted({ count }));
      }
    },
  };
}

const STEADY = [100, 90, 110, 100, 80, 120];

describe('the monitor, for a sudden rate', () => {
  test('raises an alert if a key reaches eight times its average', () => {
    const { alerts, useInWindows } = setUp();
    useInWindows([...STEADY, 799]);
    expect(alerts).toEqual([]);
    useInWindows([1], 6);

    expect(alerts).toEqual([
      {
        ...{ kind: 'sudden_rate', clientId: 'demo', of: 'acceptance', average: 100, proven: true },
        ...{ time: '2030-01-01T00:30:00Z', observed: 800, threshold: 800, windowSeconds: 300 },
      },
    ]);
  });

  test('raises one for issued tokens, which are counted separately', () => {
    const { alerts, recordAt, useInWindows } = setUp();
    for (let window = 0; window < 6; window += 1) recordAt(window * WINDOW_SECONDS, eventOf.issued(), 50);
    useInWindows(STEADY);
    recordAt(6 * WINDOW_SECONDS, eventOf.issued(), 400);

    expect(alerts).toMatchObject([{ of: 'issuance', average: 50, observed: 400 }]);
  });

  test('raises none before the warm-up windows have passed', () => {
    const { alerts, useInWindows } = setUp();
    useInWindows([...STEADY.slice(1), 10_000]);

    expect(alerts).toEqual([]);
  });

  test('raises none for small numbers', () => {
    const { alerts, useInWindows } = setUp();
    useInWindows([1, 1, 1, 1, 1, 1, 199]);

    expect(alerts).toEqual([]);
  });

  test('raises none after idle windows', () => {
    const { alerts, useInWindows } = setUp();
    useInWindows([...STEADY, ...Array.from({ length: 150 }, () => 0), ...STEADY]);

    expect(alerts).toEqual([]);
  });

  test('raises none for a rate that grows slowly', () => {
    const { alerts, useInWindows } = setUp();
    useInWindows([...STEADY, ...Array.from({ length: 60 }, (_, index) => Math.round(100 * 1.1 ** index))]);

    expect(alerts).toEqual([]);
  });

  test('does not raise the average quickly during an attack', () => {
    const { alerts, useInWindows } = setUp();
    useInWindows([...STEADY, 100_000, 100_000, 100_000]);

    expect(alerts).toHaveLength(3);
  });

  test('adapts the average to a lasting rate', () => {
    const { alerts, useInWindows } = setUp();
    useInWindows([...STEADY, ...Array.from({ length: 20 }, () => 2000)]);
    useInWindows([2000, 2000], 26);

    expect(alerts.length).toBeLessThan(6);
    expect(alerts.at(-1)?.time.slice(0, 13)).toBe('2030-01-01T00');
  });

  test('applies the given thresholds', () => {
    const { alerts, useInWindows } = setUp({ factor: 2, minCount: 10, warmUpWindows: 1 });
    useInWindows([6, 12]);

    expect(alerts).toMatchObject([{ average: 6, observed: 12, threshold: 12 }]);
  });
});
