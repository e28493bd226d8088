import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { AuditEvent, AuditRecord } from '../../src/audit/events.js';
import { type AuditSink, createAuditTrail, noAuditTrail } from '../../src/audit/record.js';
import { clock, NOW } from '../support/tokens.js';

const ISSUED: AuditEvent = {
  type: 'token.issued',
  jti: 'j1',
  clientId: 'demo',
  subject: 'demo',
  subjectAsserted: false,
  audience: 'https://api.example.com',
  scope: 'read',
  tokenType: 'service',
  expiresAt: NOW + 600,
  kid: 'k1',
};

const OTHERS: readonly AuditEvent[] = [
  { type: 'key_ring.created', current: 'k1', previous: [] },
  { type: 'api_keys.loaded', keyIds: ['demo'] },
  { type: 'api_keys.weak', keyIds: ['demo'] },
  { type: 'api_keys.rejected', problemCount: 1, files: ['a.yaml'] },
  { type: 'issuance.refused', code: 'ERR_INVALID_SCOPE' },
  { type: 'token.accepted', jti: 'j1', count: 1 },
  { type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'expired' },
];

function keepingSink(): AuditSink & { readonly records: readonly AuditRecord[] } {
  const records: AuditRecord[] = [];
  return { records, write: (record) => void records.push(record) };
}

const DISK_FULL = new Error('disk full');
const rejecting: AuditSink = { write: () => Promise.reject(DISK_FULL) };
const throwing: AuditSink = {
  write() {
    throw DISK_FULL;
  },
};

afterEach(() => {
  jest.restoreAllMocks();
});

describe('record', () => {
  test('adds the time of the injected clock in whole seconds', async () => {
    const sink = keepingSink();
    await createAuditTrail({ sinks: [sink], clock: () => NOW + 0.987 }).record(ISSUED);
    expect(sink.records).toEqual([{ ...ISSUED, time: '2030-01-01T00:00:00Z' }]);
  });

  test('uses the system time without an injected clock', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(86_400_500);
    const sink = keepingSink();
    await createAuditTrail({ sinks: [sink] }).record(ISSUED);
    expect(sink.records).toMatchObject([{ time: '1970-01-02T00:00:00Z' }]);
  });

  test('passes a record that sinks cannot change', async () => {
    const sink = keepingSink();
    await createAuditTrail({ sinks: [sink], clock }).record(ISSUED);
    expect(Object.isFrozen(sink.records[0])).toBe(true);
  });

  test.each([
    ['rejects', rejecting],
    ['throws', throwing],
  ])('reaches all sinks, including those after one that %s', async (_, failing) => {
    const sinks = [keepingSink(), keepingSink()] as const;
    const audit = createAuditTrail({ sinks: [sinks[0], failing, sinks[1]], clock, onSinkError: () => {} });
    await audit.record(ISSUED);
    expect(sinks.map(({ records }) => records.length)).toEqual([1, 1]);
  });

  test('of an issued token does not wait for an optional sink', async () => {
    const hanging: AuditSink = { write: () => new Promise(() => {}) };
    await expect(createAuditTrail({ sinks: [hanging], clock }).record(ISSUED)).resolves.toBeUndefined();
  });
});

describe('a sink that fails', () => {
  test.each([ISSUED, ...OTHERS].map((event) => [event.type, event] as const))(
    'does not reject %s',
    async (_, event) => {
      const audit = createAuditTrail({ sinks: [rejecting, throwing], clock, onSinkError: () => {} });
      await expect(audit.record(event)).resolves.toBeUndefined();
    },
  );

  test('is reported for each record', async () => {
    const reported: unknown[] = [];
    const onSinkError = (error: unknown) => void reported.push(error);
    const sinks = [rejecting, keepingSink(), throwing];
    await createAuditTrail({ sinks, clock, onSinkError }).record({
      type: 'api_keys.rejected',
      problemCount: 1,
      files: ['a.yaml'],
    });
    expect(reported).toEqual([DISK_FULL, DISK_FULL]);
  });

  test('causes a process warning by default, without the event and the message', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await createAuditTrail({ sinks: [rejecting], clock }).record({
      type: 'api_keys.loaded',
      keyIds: ['demo'],
    });
    expect(emitWarning.mock.calls).toEqual([
      [
        'An audit sink failed (Error), so its audit log is incomplete: pass onSinkError to receive the error',
        { code: 'PASSPORT_JWE_AUDIT_SINK' },
      ],
    ]);
  });

  test('does not affect the result even if reporting it fails', async () => {
    const onSinkError = () => {
      throw new Error('the reporter is down too');
    };
    const audit = createAuditTrail({ sinks: [rejecting], clock, onSinkError });
    await expect(audit.record({ type: 'token.accepted', jti: 'j1', count: 1 })).resolves.toBeUndefined();
  });
});

describe('enabled', () => {
  test.each([
    ['no sink', createAuditTrail({ sinks: [] }), false],
    ['a sink', createAuditTrail({ sinks: [keepingSink()] }), true],
    ['a required sink', createAuditTrail({ required: [keepingSink()] }), true],
    ['no trail', noAuditTrail, false],
  ])('with %s: %p', (_, audit, enabled) => {
    expect(audit.enabled).toBe(enabled);
  });

  test('or not, events can be recorded', async () => {
    await expect(createAuditTrail({ sinks: [] }).record(ISSUED)).resolves.toBeUndefined();
    await expect(noAuditTrail.record(ISSUED)).resolves.toBeUndefined();
  });
});
