import { describe, expect, test } from '@jest/globals';
import { createMonitoredTrail, eventOf } from '../support/monitored-trail.js';

const addressed = (...addresses: readonly string[]) => addresses.map((ip) => eventOf.accepted({ ip }));
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `198.51.100.${index}`);

describe('the monitor, for one token from many addresses', () => {
  test('raises an alert for the fifth address within five minutes, with what was observed', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const [index, event] of addressed(...numbered(5)).entries()) recordAt(index * 70, event);

    expect(alerts).toEqual([
      {
        ...{
          kind: 'token_from_many_addresses',
          jti: 'j1',
          clientId: 'demo',
          subject: 'alice',
          sessionId: 's1',
          proven: true,
        },
        ...{ addresses: numbered(5), agents: ['app'], time: '2030-01-01T00:04:40Z' },
        ...{ observed: 5, threshold: 5, windowSeconds: 300 },
      },
    ]);
  });

  test('raises none for four', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const event of addressed(...numbered(4))) recordAt(0, event, 3);

    expect(alerts).toEqual([]);
  });

  test('raises none if they are seen over a longer time', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const [index, event] of addressed(...numbered(12)).entries()) recordAt(index * 75, event);

    expect(alerts).toEqual([]);
  });

  test('counts an IPv6 prefix as one address', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (let index = 0; index < 16; index += 1) {
      recordAt(0, eventOf.accepted({ ip: `2001:db8:1:1${index.toString(16)}::${index}` }));
    }

    expect(alerts).toEqual([]);
  });

  test('counts IPv4 and IPv6 separately, since many devices have both', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const event of addressed(...numbered(4))) recordAt(0, event);
    for (let index = 0; index < 4; index += 1) recordAt(0, eventOf.accepted({ ip: `2001:db8:${index}::1` }));

    expect(alerts).toEqual([]);
  });

  test('counts each token separately', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const ip of numbered(16)) recordAt(0, eventOf.accepted({ jti: `token of ${ip}`, ip }));

    expect(alerts).toEqual([]);
  });

  test('applies the given threshold and window', () => {
    const thresholds = { token_from_many_addresses: { count: 2, windowSeconds: 10 } };
    const { alerts, recordAt } = createMonitoredTrail({ thresholds });
    const [first, second] = addressed('192.0.2.1', '192.0.2.2');
    if (first === undefined || second === undefined) throw new Error('There are two');
    recordAt(0, first);
    recordAt(10, second);
    expect(alerts).toEqual([]);
    recordAt(15, first);

    expect(alerts).toMatchObject([{ observed: 2, threshold: 2, windowSeconds: 10 }]);
  });

  test('omits members that the token does not have', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const ip of numbered(5)) recordAt(0, { type: 'token.accepted', jti: 'j1', ip, count: 1 });

    expect(alerts).toMatchObject([{ jti: 'j1', addresses: numbered(5), agents: [] }]);
    expect(alerts[0]).not.toHaveProperty('clientId');
  });
});

const USER = { ip: '192.0.2.1', agent: 'app' };
const THIEF = { ip: '198.51.100.9', agent: 'curl' };

describe('the monitor, for one token from many user agents', () => {
  test('raises an alert for two that share no address, after both have been seen for a minute', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.accepted(USER));
    recordAt(10, eventOf.accepted(THIEF));
    recordAt(69, eventOf.accepted(USER));
    expect(alerts).toEqual([]);
    recordAt(70, eventOf.accepted(USER));

    expect(alerts).toMatchObject([
      {
        ...{ kind: 'token_from_many_user_agents', jti: 'j1', clientId: 'demo' },
        ...{ addresses: [THIEF.ip, USER.ip], agents: ['curl', 'app'] },
        ...{ observed: 2, threshold: 2, windowSeconds: 300 },
      },
    ]);
  });

  test('raises none for two at one address, as on one device', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const seconds of [0, 100]) {
      recordAt(seconds, eventOf.accepted(USER));
      recordAt(seconds, eventOf.accepted({ ...USER, agent: 'web view' }));
    }

    expect(alerts).toEqual([]);
  });

  test('raises none for one that moves between addresses', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const seconds of [0, 100]) {
      recordAt(seconds, eventOf.accepted(USER));
      recordAt(seconds, eventOf.accepted({ ...USER, ip: THIEF.ip }));
    }

    expect(alerts).toEqual([]);
  });

  test('merges two parties that turn out to be one', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.accepted(USER));
    recordAt(0, eventOf.accepted(THIEF));
    recordAt(30, eventOf.accepted({ ip: USER.ip, agent: THIEF.agent }));
    recordAt(100, eventOf.accepted(USER));

    expect(alerts).toEqual([]);
  });

  test('counts requests without a user agent as another user agent', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    const token = { jti: 'j1', clientId: 'demo', proven: true } as const;
    const bare = { type: 'token.accepted', ...token, ip: THIEF.ip, count: 1 } as const;
    for (const seconds of [0, 60]) {
      recordAt(seconds, eventOf.accepted(USER));
      recordAt(seconds, bare);
    }

    expect(alerts).toMatchObject([{ observed: 2, agents: ['app'] }]);
  });

  test('raises none if the kind is disabled', () => {
    const thresholds = { token_from_many_user_agents: false } as const;
    const { alerts, recordAt } = createMonitoredTrail({ thresholds });
    for (const seconds of [0, 100]) {
      recordAt(seconds, eventOf.accepted(USER));
      recordAt(seconds, eventOf.accepted(THIEF));
    }

    expect(alerts).toEqual([]);
  });

  test('detects them even if addresses are disabled', () => {
    const thresholds = { token_from_many_addresses: false } as const;
    const { alerts, recordAt } = createMonitoredTrail({ thresholds });
    for (const ip of numbered(16)) recordAt(0, eventOf.accepted({ ip, agent: ip }));
    recordAt(60, eventOf.accepted(USER));

    expect(alerts.map(({ kind }) => kind)).toEqual(['token_from_many_user_agents']);
  });
});
