import { describe, expect, test } from '@jest/globals';
import { createMonitor } from '../../src/monitor/create-monitor.js';
import { createMonitoredTrail, eventOf } from '../support/monitored-trail.js';

const TIME = '2030-01-01T00:00:00Z';

/** Numbered addresses that are all in blocks of their own. */
function addressOf(index: number): string {
  return `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
}

describe('the memory of a monitor', () => {
  test('is bounded for a million tokens and addresses', () => {
    const monitor = createMonitor({ maxTracked: 500 });
    for (let index = 0; index < 1_000_000; index += 1) {
      const ip = addressOf(index);
      if (index % 2 === 0) {
        monitor.write({ type: 'token.accepted', jti: `jti ${index}`, ip, count: 1, time: TIME });
      } else {
        monitor.write({ type: 'token.refused', code: 'ERR_INVALID_TOKEN', ip, time: TIME });
      }
    }

    expect(monitor.tracked).toBe(500 + 500);
  }, 60_000);

  test('is bounded for API keys, sessions and revoked tokens too', () => {
    const monitor = createMonitor({ maxTracked: 50 });
    for (let index = 0; index < 10_000; index += 1) {
      const identity = { jti: `jti ${index}`, clientId: `client ${index}` };
      monitor.write({ ...eventOf.accepted({ ...identity, ip: '192.0.2.1' }), time: TIME });
      monitor.write({ ...eventOf.refused({ ...identity, reason: 'revoked' }), time: TIME });
      monitor.write({ ...eventOf.refused({ ...identity, code: 'ERR_INSUFFICIENT_SCOPE' }), time: TIME });
      monitor.write({ ...eventOf.issued(identity.clientId), time: TIME });
      monitor.write({ ...eventOf.ended('reused', `session ${index}`), time: TIME });
    }

    // Tokens, rates, sessions, refused keys and what is revoked; refusals came from one address.
    expect(monitor.tracked).toBe(5 * 50 + 1);
  });

  test('is 10 000 entries of each kind by default', () => {
    const monitor = createMonitor();
    for (let index = 0; index < 10_001; index += 1) {
      monitor.write({ ...eventOf.refused({ ip: addressOf(index) }), time: TIME });
    }

    expect(monitor.tracked).toBe(10_000);
  });

  test('contains at most the 16 most recent addresses of a token', () => {
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
