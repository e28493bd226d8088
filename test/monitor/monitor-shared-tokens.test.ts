import { describe, expect, test } from '@jest/globals';
import { createMonitoredTrail, eventOf } from '../support/monitored-trail.js';

const addressed = (...addresses: readonly string[]) => addresses.map((ip) => eventOf.accepted({ ip }));
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `198.51.100.${index}`);

describe('the monitor, of one token from many addresses', () => {
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

  test('raises none where they come one after the other over a longer time', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const [index, event] of addressed(...numbered(12)).entries()) recordAt(index * 75, event);

    expect(alerts).toEqual([]);
  });

  test('counts a block of IPv6 as one address', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (let index = 0; index < 16; index += 1) {
      recordAt(0, eventOf.accepted({ ip: `2001:db8:1:1${index.toString(16)}::${index}` }));
    }

    expect(alerts).toEqual([]);
  });

  test('counts IPv4 and IPv6 apart, as many devices have both', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const event of addressed(...numbered(4))) recordAt(0, event);
    for (let index = 0; index < 4; index += 1) recordAt(0, eventOf.accepted({ ip: `2001:db8:${index}::1` }));

    expect(alerts).toEqual([]);
  });

  test('counts each token by itself', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const ip of numbered(16)) recordAt(0, eventOf.accepted({ jti: `token of ${ip}`, ip }));

    expect(alerts).toEqual([]);
  });

  test('takes the threshold and the window that it is given', () => {
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

  test('leaves out what the token does not say', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const ip of numbered(5)) recordAt(0, { type: 'token.accepted', jti: 'j1', ip, count: 1 });

    expect(alerts).toMatchObject([{ jti: 'j1', addresses: numbered(5), agents: [] }]);
    expect(alerts[0]).not.toHaveProperty('clientId');
  });
});

const USER = { ip: '192.0.2.1', agent: 'app' };
const THIEF = { ip: '198.51.100.9', agent: 'curl' };

describe('the monitor, of one token from many user agents', () => {
  test('raises an alert for two that share no address, once both were there for a minute', () => {
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

  test('raises none for two at one address, as those of one device are', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const seconds of [0, 100]) {
      recordAt(seconds, eventOf.accepted(USER));
      recordAt(seconds, eventOf.accepted({ ...USER, agent: 'web view' }));
    }

    expect(alerts).toEqual([]);
  });

  test('raises none for one that is on its way', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const seconds of [0, 100]) {
      recordAt(seconds, eventOf.accepted(USER));
      recordAt(seconds, eventOf.accepted({ ...USER, ip: THIEF.ip }));
    }

    expect(alerts).toEqual([]);
  });

  test('joins two parties that turn out to be one', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.accepted(USER));
    recordAt(0, eventOf.accepted(THIEF));
    recordAt(30, eventOf.accepted({ ip: USER.ip, agent: THIEF.agent }));
    recordAt(100, eventOf.accepted(USER));

    expect(alerts).toEqual([]);
  });

  test('takes requests that name no user agent for those of another one', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    const token = { jti: 'j1', clientId: 'demo', proven: true } as const;
    const bare = { type: 'token.accepted', ...token, ip: THIEF.ip, count: 1 } as const;
    for (const seconds of [0, 60]) {
      recordAt(seconds, eventOf.accepted(USER));
      recordAt(seconds, bare);
    }

    expect(alerts).toMatchObject([{ observed: 2, agents: ['app'] }]);
  });

  test('raises none where it is told to look for nothing of that kind', () => {
    const thresholds = { token_from_many_user_agents: false } as const;
    const { alerts, recordAt } = createMonitoredTrail({ thresholds });
    for (const seconds of [0, 100]) {
      recordAt(seconds, eventOf.accepted(USER));
      recordAt(seconds, eventOf.accepted(THIEF));
    }

    expect(alerts).toEqual([]);
  });

  test('looks for them where it is told not to count addresses', () => {
    const thresholds = { token_from_many_addresses: false } as const;
    const { alerts, recordAt } = createMonitoredTrail({ thresholds });
    for (const ip of numbered(16)) recordAt(0, eventOf.accepted({ ip, agent: ip }));
    recordAt(60, eventOf.accepted(USER));

    expect(alerts.map(({ kind }) => kind)).toEqual(['token_from_many_user_agents']);
  });
});
