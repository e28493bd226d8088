import { describe, expect, test } from '@jest/globals';
import type { AuditEvent } from '../../src/audit/events.js';
import { type AuditTrail, noAuditTrail } from '../../src/audit/record.js';
import { recordAcceptances } from '../../src/audit/record-acceptances.js';
import { NOW } from '../support/tokens.js';

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
    acceptAt(seconds: number, jti = 'j1') {
      now = NOW + seconds;
      accept({ jti, clientId: 'demo', subject: 'alice' });
    },
  };
}

const accepted = (count: number, jti = 'j1') => ({
  type: 'token.accepted',
  jti,
  clientId: 'demo',
  subject: 'alice',
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

  test('records how many there were when the minute is over, that one included', () => {
    const { events, acceptAt } = setUp();
    for (const seconds of [0, 1, 30, 60]) acceptAt(seconds);
    expect(events).toEqual([accepted(1), accepted(3)]);
  });

  test('begins another minute then', () => {
    const { events, acceptAt } = setUp();
    for (const seconds of [0, 70, 80, 129, 130, 131, 500]) acceptAt(seconds);
    expect(events).toEqual([accepted(1), accepted(1), accepted(3), accepted(2)]);
  });

  test('counts each token by itself', () => {
    const { events, acceptAt } = setUp();
    acceptAt(0, 'j1');
    acceptAt(1, 'j2');
    acceptAt(2, 'j1');
    acceptAt(60, 'j1');
    acceptAt(61, 'j2');
    expect(events).toEqual([accepted(1, 'j1'), accepted(1, 'j2'), accepted(2, 'j1'), accepted(1, 'j2')]);
  });

  test('records what is still uncounted when a token makes room for others', () => {
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

  test('records nothing more of a token that makes room with all its acceptances counted', () => {
    const { events, acceptAt } = setUp();
    for (let index = 0; index < 10_001; index += 1) acceptAt(0, `token ${index}`);
    expect(events).toHaveLength(10_001);
  });

  test('leaves out what the token does not say', () => {
    const events: AuditEvent[] = [];
    const audit: AuditTrail = { enabled: true, record: async (event) => void events.push(event) };
    recordAcceptances(audit, () => NOW)({ jti: 'j1' });
    expect(events).toEqual([{ type: 'token.accepted', jti: 'j1', count: 1 }]);
  });

  test('asks nothing of the clock where nothing listens', () => {
    const accept = recordAcceptances(noAuditTrail, () => {
      throw new Error('The clock was read');
    });
    expect(() => accept({ jti: 'j1' })).not.toThrow();
  });
});
