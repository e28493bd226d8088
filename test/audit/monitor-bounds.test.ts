import { describe, expect, test } from '@jest/globals';
import { createMonitor } from '../../src/audit/create-monitor.js';
import { createMonitoredTrail, eventOf } from '../support/monitored-trail.js';

const TIME = '2030-01-01T00:00:00Z';

/** Numbered addresses that are all in blocks of their own. */
function addressOf(index: number): string {
  return `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
}

describe('what a monitor keeps', () => {
  test('is bounded, whatever comes: a million tokens, of as many keys, from as many addresses', () => {
    const monitor = createMonitor({ maxTracked: 500 });
    for (let index = 0; index < 1_000_000; index += 1) {
      const identity = { jti: `jti ${index}`, clientId: `client ${index}`, ip: addressOf(index), time: TIME };
      // By turns they are accepted, and refused.
      if (index % 2 === 0) monitor.write({ type: 'token.accepted', ...identity, count: 1 });
      else
        monitor.write({ type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'revoked', ...identity });
    }

    // Tokens, rates of keys, refusals of keys and of addresses, uses after revocation.
    expect(monitor.tracked).toBe(5 * 500);
  });

  test('is 10 000 of each kind where nothing else is said', () => {
    const monitor = createMonitor();
    for (let index = 0; index < 10_001; index += 1) {
      monitor.write({ ...eventOf.refused({ ip: addressOf(index) }), time: TIME });
    }

    expect(monitor.tracked).toBe(10_000);
  });

  test('are at most 16 addresses of a token, those that were seen last', () => {
    const { alerts, recordAt } = createMonitoredTrail({
      thresholds: { token_from_many_addresses: { count: 16 } },
    });
    for (let index = 0; index < 316; index += 1) recordAt(index, eventOf.accepted({ ip: addressOf(index) }));
    const addressesFrom = (first: number) =>
      Array.from({ length: 16 }, (_, offset) => addressOf(first + offset));

    expect(alerts).toMatchObject([
      { observed: 16, addresses: addressesFrom(0) },
      { observed: 16, addresses: addressesFrom(300) },
    ]);
  });
});
