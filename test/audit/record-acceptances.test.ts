import { describe, expect, test } from '@jest/globals';
import type { AuditEvent, AuditRecord } from '../../src/audit/events.js';
import { type AuditTrail, createAuditTrail, noAuditTrail } from '../../src/audit/record.js';
import { type Origin, recordAcceptances } from '../../src/audit/record-acceptances.js';
import { clock, NOW } from '../support/tokens.js';

const HOME: Origin = { ip: '192.0.2.1', agent: 'cGFzc3BvcnQt' };
const TRAIN: Origin = { ...HOME, ip: '198.51.100.7' };

function setUp() {
  const events: AuditEvent[] = [];
  const audit: AuditTrail = {
    enabled: true,
    async record(event) {
      events.push(event);
    },
  };
  let now = NOW;
  const accept = recordAcceptances(audit, () => now);
  return {
    events,
    acceptAt(seconds: number, jti = 'j1', origin: Origin = HOME) {
      now = NOW + seconds;
      accept(jti, () => ({ jti, clientId: 'demo', subject: 'alice' }), origin);
    },
  };
}

const accepted = (count: number, jti = 'j1', origin: Origin = HOME) => ({
  type: 'token.accepted',
  jti,
  clientId: 'demo',
  subject: 'alice',
  ...origin,
  count,
});

describe('recordAcceptances', () => {
  test('records the first acceptance of a token at once', () => {
    const { events, acceptAt } = setUp();
    acceptAt(0);
    expect(events).toEqual([accepted(1)]);
  });

  test('records no other within the minute', () => {
    const { events, acceptAt } = setUp();
    for (const seconds of [0, 1, 30, 59.9]) acceptAt(seconds);
    expect(events).toEqual([accepted(1)]);
  });

  test('records the count when the minute ends, including the last one', () => {
    const { events, acceptAt } = setUp();
    for (const seconds of [0, 1, 30, 60]) acceptAt(seconds);
    expect(events).toEqual([accepted(1), accepted(3)]);
  });

  test('then starts another minute', () => {
    const { events, acceptAt } = setUp();
    for (const seconds of [0, 70, 80, 129, 130, 131, 500]) acceptAt(seconds);
    expect(events).toEqual([accepted(1), accepted(1), accepted(3), accepted(2)]);
  });

  test('counts each token separately', () => {
    const { events, acceptAt } = setUp();
    acceptAt(0, 'j1');
    acceptAt(1, 'j2');
    acceptAt(2, 'j1');
    acceptAt(60, 'j1');
    acceptAt(61, 'j2');
    expect(events).toEqual([accepted(1, 'j1'), accepted(1, 'j2'), accepted(2, 'j1'), accepted(1, 'j2')]);
  });

  test('records the pending count of an evicted token', () => {
    const { events, acceptAt } = setUp();
    acceptAt(0, 'first');
    acceptAt(1, 'first');
    acceptAt(2, 'first');
    for (let index = 0; index < 10_000; index += 1) acceptAt(3, `other ${index}`);
    expect(events.filter((event) => 'jti' in event && event.jti === 'first')).toEqual([
      accepted(1, 'first'),
      accepted(2, 'first'),
    ]);
  });

  test('records nothing for an evicted token without a pending count', () => {
    const { events, acceptAt } = setUp();
    for (let index = 0; index < 10_001; index += 1) acceptAt(0, `token ${index}`);
    expect(events).toHaveLength(10_001);
  });

  test('records pending counts when the trail is flushed', async () => {
    const records: AuditRecord[] = [];
    const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
    const accept = recordAcceptances(audit, () => NOW);
    for (const jti of ['j1', 'j1', 'j1', 'j2']) accept(jti, () => ({ jti }), {});
    await audit.flush();
    await audit.flush();

    expect(records).toMatchObject([
      { jti: 'j1', count: 1 },
      { jti: 'j2', count: 1 },
      { jti: 'j1', count: 2 },
    ]);
  });

  test('delivers all pending counts on a flush, even more than maxWaiting', async () => {
    const records: AuditRecord[] = [];
    const sink = { write: async (record: AuditRecord) => void records.push(record) };
    const audit = createAuditTrail({ sinks: [sink], maxWaiting: 100, clock });
    const accept = recordAcceptances({ ...audit, record: async () => {} }, () => NOW);
    for (const _use of ['first', 'second']) {
      for (let token = 0; token < 250; token += 1) accept(String(token), () => ({ jti: String(token) }), {});
    }
    await audit.flush();

    expect(records).toHaveLength(250);
  });

  test('continues after the clock is set back', () => {
    const { events, acceptAt } = setUp();
    for (const seconds of [3600, 3601, 0, 1, 60]) acceptAt(seconds);
    expect(events).toEqual([accepted(1), accepted(2), accepted(2)]);
  });

  test('records the first acceptance from another address at once', () => {
    const { events, acceptAt } = setUp();
    acceptAt(0);
    acceptAt(1, 'j1', TRAIN);
    acceptAt(2, 'j1', TRAIN);
    expect(events).toEqual([accepted(1), accepted(1, 'j1', TRAIN)]);
  });

  test('records the first acceptance from another user agent at once', () => {
    const { events, acceptAt } = setUp();
    const other = { ...HOME, agent: 'b3RoZXIgYWdl' };
    acceptAt(0);
    acceptAt(1, 'j1', other);
    expect(events).toEqual([accepted(1), accepted(1, 'j1', other)]);
  });

  test('counts each address separately', () => {
    const { events, acceptAt } = setUp();
    acceptAt(0);
    for (const origin of [TRAIN, TRAIN, HOME]) acceptAt(1, 'j1', origin);
    acceptAt(60);
    expect(events.slice(2)).toEqual([accepted(2), accepted(1, 'j1', TRAIN)]);
  });

  test('forgets an address after a minute without use', () => {
    const { events, acceptAt } = setUp();
    acceptAt(0, 'j1', TRAIN);
    for (const seconds of [0, 60, 120]) acceptAt(seconds);
    acceptAt(121, 'j1', TRAIN);
    expect(events.slice(4)).toEqual([accepted(1, 'j1', TRAIN)]);
  });

  test('counts further addresses together', () => {
    const { events, acceptAt } = setUp();
    for (let index = 0; index < 100; index += 1) acceptAt(0, 'j1', { ip: `198.51.100.${index}` });
    acceptAt(60, 'j1', { ip: '198.51.100.0' });
    expect(events).toEqual([
      ...Array.from({ length: 16 }, (_, index) => accepted(1, 'j1', { ip: `198.51.100.${index}` })),
      accepted(1, 'j1', {}),
      accepted(1, 'j1', { ip: '198.51.100.0' }),
      accepted(83, 'j1', {}),
    ]);
  });

  test('distinguishes a forged token from the genuine one with the same identity', () => {
    const events: AuditEvent[] = [];
    const audit: AuditTrail = { enabled: true, record: async (event) => void events.push(event) };
    const accept = recordAcceptances(audit, () => NOW);
    accept('forged', () => ({ jti: 'j1', subject: 'mallory' }), HOME);
    accept('genuine', () => ({ jti: 'j1', subject: 'alice', proven: true }), HOME);

    expect(events).toMatchObject([{ subject: 'mallory' }, { subject: 'alice', proven: true }]);
    expect(events[0]).not.toHaveProperty('proven');
  });

  test('omits claims that the token lacks', () => {
    const events: AuditEvent[] = [];
    const audit: AuditTrail = { enabled: true, record: async (event) => void events.push(event) };
    recordAcceptances(audit, () => NOW)('token', () => ({ jti: 'j1' }), {});
    expect(events).toEqual([{ type: 'token.accepted', jti: 'j1', count: 1 }]);
  });

  test('does not read the clock without sinks', () => {
    const accept = recordAcceptances(noAuditTrail, () => {
      throw new Error('The clock was read');
    });
    expect(() => accept('token', () => ({ jti: 'j1' }), HOME)).not.toThrow();
  });
});
