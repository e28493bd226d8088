import { describe, expect, test } from '@jest/globals';
import { createMonitoredTrail, eventOf } from '../support/monitored-trail.js';

const named = { jti: 'j1', clientId: 'demo', subject: 'alice', code: 'ERR_INSUFFICIENT_SCOPE' } as const;

/** From as many addresses as there are, so that none of them stands out. */
const scattered = (count: number) =>
  Array.from({ length: count }, (_, index) => eventOf.refused({ ...named, ip: `198.51.100.${index}` }));

describe('the monitor, for refresh tokens', () => {
  test('raises an alert for reuse after the successor was used', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.ended('reused'));

    expect(alerts).toEqual([
      {
        ...{ kind: 'refresh_token_reused', clientId: 'demo', subject: 'alice', sessionId: 's1' },
        ...{ familyId: 'family of s1', time: '2030-01-01T00:00:00Z' },
        ...{ observed: 1, threshold: 1, windowSeconds: 3600 },
      },
    ]);
  });

  test('raises none for an ended session', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.ended('revoked'));

    expect(alerts).toEqual([]);
  });

  test('raises one per session', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const sessionId of ['s1', 's2', 's1']) recordAt(0, eventOf.ended('reused', sessionId));

    expect(alerts).toMatchObject([{ sessionId: 's1' }, { sessionId: 's2' }]);
  });
});

describe('the monitor, for rejections that any caller can cause', () => {
  test.each([
    ['names a client without its key', eventOf.issuanceRefused({ clientId: 'demo', clientAsserted: true })],
    [
      'kept a token that was revoked',
      eventOf.refused({ ...named, code: 'ERR_INVALID_TOKEN', reason: 'revoked' }),
    ],
    [
      'kept one of a key out of force',
      eventOf.refused({ ...named, code: 'ERR_INVALID_TOKEN', reason: 'key_inactive' }),
    ],
  ])('raises no alert against the client if a caller %s', (_what, refusal) => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, refusal, 100);

    expect(alerts.map(({ kind }) => kind)).not.toContain('refusals_of_client');
  });
});

describe('the monitor, for rejections of an address', () => {
  test('raises an alert for the thirtieth within a minute, at either end', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.refused(), 20);
    recordAt(40, eventOf.issuanceRefused(), 9);
    expect(alerts).toEqual([]);
    recordAt(41, eventOf.issuanceRefused());

    expect(alerts).toEqual([
      {
        ...{ kind: 'refusals_of_address', address: '192.0.2.1', time: '2030-01-01T00:00:41Z' },
        ...{ observed: 30, threshold: 30, windowSeconds: 60 },
      },
    ]);
  });

  test('raises none if they take longer', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (let seconds = 0; seconds < 3600; seconds += 3) recordAt(seconds, eventOf.refused());

    expect(alerts).toEqual([]);
  });

  test('counts an IPv6 prefix as one address', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (let index = 0; index < 30; index += 1) recordAt(0, eventOf.refused({ ip: `2001:db8::${index}` }));

    expect(alerts).toMatchObject([{ address: '2001:db8:0:0::/56' }]);
  });

  test('counts the rejections of an aggregated event', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, { ...eventOf.refused(), ...{ count: 30 } });

    expect(alerts).toMatchObject([{ observed: 30 }]);
  });

  test.each([
    ['expired tokens, as every token expires', { reason: 'expired' }],
    ['limits that were reached', { code: 'ERR_RATE_LIMIT_EXCEEDED' }],
    ['outages', { code: 'ERR_TEMPORARILY_UNAVAILABLE' }],
    ['requests for a DPoP nonce', { code: 'ERR_USE_DPOP_NONCE' }],
  ] as const)('does not count %s', (_, change) => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.refused({ clientId: 'demo', ...change }), 100);

    expect(alerts).toEqual([]);
  });
});

describe('the monitor, for rejections of an API key', () => {
  test('raises an alert for the sixtieth within a minute, from any addresses', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const event of scattered(60)) recordAt(30, event);

    expect(alerts).toEqual([
      {
        ...{ kind: 'refusals_of_client', clientId: 'demo', time: '2030-01-01T00:00:30Z' },
        ...{ observed: 60, threshold: 60, windowSeconds: 60 },
      },
    ]);
  });

  test('counts none without a verified client', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (let index = 0; index < 200; index += 1) recordAt(0, eventOf.refused({ ip: `198.51.100.${index}` }));

    expect(alerts).toEqual([]);
  });
});

describe('the monitor, for use after revocation', () => {
  test.each(['revoked', 'key_inactive'] as const)('raises an alert for the fifth: %s', (reason) => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.refused({ reason }), 4);
    expect(alerts).toEqual([]);
    recordAt(250, eventOf.refused({ reason }));

    expect(alerts).toEqual([
      {
        ...{ kind: 'use_after_revocation', reason, address: '192.0.2.1', time: '2030-01-01T00:04:10Z' },
        ...{ observed: 5, threshold: 5, windowSeconds: 300 },
      },
    ]);
  });

  test('counts a token separately if the event names it', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (let index = 0; index < 8; index += 1) {
      const name = { jti: `j${index % 2}`, clientId: 'demo' };
      recordAt(0, eventOf.refused({ reason: 'revoked', ...name, ip: `198.51.100.${index}` }));
    }
    expect(alerts).toEqual([]);
    recordAt(0, eventOf.refused({ reason: 'revoked', jti: 'j1', clientId: 'demo' }));

    expect(alerts).toMatchObject([{ jti: 'j1', clientId: 'demo', address: '192.0.2.1', observed: 5 }]);
  });

  test('raises none for tokens that were rejected for another reason', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.refused({ reason: 'wrong_audience' }), 20);

    expect(alerts).toEqual([]);
  });
});
