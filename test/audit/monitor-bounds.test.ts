import { describe, expect, test } from '@jest/globals';
import { createMonitor } from '../../src/audit/create-monitor.js';
import { eventOf } from '../support/monitored-trail.js';

const TIME = '2030-01-01T00:00:00Z';

/** Numbered addresses that are all in blocks of their own. */
function addressOf(index: number): string {
  return `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
}

describe('what a monitor keeps', () => {
  test('is bounded, whatever comes: a million tokens of as many keys, from as many addresses', () => {
    const monitor = createMonitor({ maxTracked: 500 });
    for (let index = 0; index < 1_000_000; index += 1) {
      const ip = addressOf(index);
      const [jti, clientId] = [`jti ${index}`, `client ${index}`];
      monitor.write({ type: 'token.accepted', jti, clientId, ip, count: 1, time: TIME });
      monitor.write({
        ...{ type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'revoked' },
        jti,
        clientId,
        ip,
        time: TIME,
      });
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
    const alerts: object[] = [];
    const monitor = createMonitor({ onSuspicion: (alert) => void alerts.push(alert) });
    const timeOf = (index: number) => new Date(Date.parse(TIME) + index * 300).toISOString();
    for (let index = 0; index < 1001; index += 1) {
      monitor.write({ ...eventOf.accepted({ ip: addressOf(index) }), time: timeOf(index) });
    }

    expect(alerts).toMatchObject([
      { observed: 5 },
      {
        observed: 16,
        addresses: Array.from({ length: 16 }, (_, offset) => addressOf(1000 + 4 - 15 + offset)),
      },
    ]);
  });
});
