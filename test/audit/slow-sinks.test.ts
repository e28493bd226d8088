import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { AuditEvent, AuditRecord } from '../../src/audit/events.js';
import { type AuditSink, type AuditTrailOptions, createAuditTrail } from '../../src/audit/record.js';
import { recordAcceptances } from '../../src/audit/record-acceptances.js';
import { createRevocations } from '../../src/revocation/revocations.js';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { rejectionOf } from '../support/caught.js';
import { clock, NOW } from '../support/tokens.js';

const INTENDED: AuditEvent = {
  ...({
    type: 'token.intended',
    jti: 'j1',
    clientId: 'demo',
    subject: 'demo',
    subjectAsserted: false,
  } as const),
  ...{ audience: 'https://api.example.com', scope: '', tokenType: 'service', expiresAt: NOW + 60, kid: 'k1' },
};

/** A sink that answers only when it is told to. */
function slowSink() {
  const pending: (() => void)[] = [];
  const sink: AuditSink = {
    write: () => new Promise((resolve) => void pending.push(resolve)),
  };
  return {
    sink,
    pending,
    answerAll: () => {
      for (const resolve of pending.splice(0)) resolve();
    },
  };
}

function trailOf(options: AuditTrailOptions) {
  const failures: unknown[] = [];
  const audit = createAuditTrail({
    ...options,
    clock,
    onSinkError: (failure) => void failures.push(failure),
  });
  return { audit, failures };
}

afterEach(() => {
  jest.useRealTimers();
});

describe('a slow sink', () => {
  test('has at most 10 000 pending records; further ones fail without reaching it', async () => {
    const { sink, pending } = slowSink();
    const { audit, failures } = trailOf({ sinks: [sink] });
    for (let number = 0; number < 10_500; number += 1) await audit.record({ type: 'limits.restored' });

    expect([pending.length, failures.length]).toEqual([10_000, 500]);
    expect(String(failures[0])).toContain('The queue of an audit sink is full');
  });

  test('receives records again once it has settled', async () => {
    const { sink, pending, answerAll } = slowSink();
    const { audit, failures } = trailOf({ sinks: [sink], maxWaiting: 2 });
    for (let number = 0; number < 3; number += 1) await audit.record({ type: 'limits.restored' });
    answerAll();
    await audit.flush();
    await audit.record({ type: 'limits.restored' });

    expect([pending.length, failures.length]).toEqual([1, 1]);
  });

  test('does not delay acceptance, required or not', () => {
    const { sink, pending } = slowSink();
    const { audit } = trailOf({ required: [sink] });
    const accept = recordAcceptances(audit, clock);
    for (let number = 0; number < 100; number += 1) accept(`${number}`, () => ({ jti: `j${number}` }), {});

    expect(pending).toHaveLength(100);
  });

  test('that is required fails the issuance after 5 s', async () => {
    jest.useFakeTimers();
    const { audit, failures } = trailOf({ required: [slowSink().sink] });
    const outcome = rejectionOf(audit.record(INTENDED));
    await jest.advanceTimersByTimeAsync(4999);
    expect(failures).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);

    expect(await outcome).toMatchObject({ status: 503, cause: failures[0] });
    expect(String(failures[0])).toContain('did not settle within 5000 ms');
  });

  test('that is required and has too many pending records fails at once', async () => {
    const { sink } = slowSink();
    const { audit } = trailOf({ required: [sink], maxWaiting: 1 });
    await audit.record({ type: 'limits.restored' });

    expect(await rejectionOf(audit.record(INTENDED))).toMatchObject({ status: 503 });
  });

  test('leaves no timer if it settles in time', async () => {
    jest.useFakeTimers();
    const { sink, answerAll } = slowSink();
    const { audit } = trailOf({ required: [sink] });
    const recording = audit.record(INTENDED);
    answerAll();
    await recording;

    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a synchronous sink', () => {
  test('never exceeds the bound, however many records arrive at once', () => {
    const records: AuditRecord[] = [];
    const { audit, failures } = trailOf({ sinks: [{ write: (record) => void records.push(record) }] });
    for (let number = 0; number < 20_000; number += 1) void audit.record({ type: 'limits.restored' });

    expect([records.length, failures.length]).toEqual([20_000, 0]);
  });
});

describe('flush', () => {
  test('resolves when every sink has settled its records', async () => {
    const { sink, answerAll } = slowSink();
    const { audit } = trailOf({ sinks: [sink] });
    const steps: string[] = [];
    await audit.record({ type: 'limits.restored' });
    const flushing = audit.flush().then(() => steps.push('flushed'));
    await immediate();
    steps.push('answered');
    answerAll();
    await flushing;

    expect(steps).toEqual(['answered', 'flushed']);
  });

  test('waits for no sink longer than the timeout', async () => {
    jest.useFakeTimers();
    const { audit } = trailOf({ sinks: [slowSink().sink], timeoutMs: 100 });
    await audit.record({ type: 'limits.restored' });
    const flushing = audit.flush();
    await jest.advanceTimersByTimeAsync(100);

    await expect(flushing).resolves.toBeUndefined();
  });
});

describe('a revocation', () => {
  const revoke = async (sink: AuditSink) => {
    const { audit, failures } = trailOf({ required: [sink] });
    const store = createMemoryStores({ clock }).revocations;
    const revocations = createRevocations({ stores: { revocations: store }, audit, clock });
    const revoking = revocations.revoke({ kind: 'session', clientId: 'demo', sessionId: 's' });
    await jest.advanceTimersByTimeAsync(0);
    const family = { clientId: 'demo', subject: 'demo', sessionId: 's', createdAt: NOW };
    return { failures, revoking, isRevoked: () => revocations.isFamilyRevoked(family) };
  };

  test('takes effect and is reported although every sink fails', async () => {
    jest.useFakeTimers();
    const failure = new Error('disk full');
    const { failures, revoking, isRevoked } = await revoke({ write: () => Promise.reject(failure) });
    await revoking;

    expect([isRevoked(), failures]).toEqual([true, [failure]]);
  });

  test('takes effect before it is recorded, and is answered after the timeout of the sink', async () => {
    jest.useFakeTimers();
    const { failures, revoking, isRevoked } = await revoke(slowSink().sink);
    expect(isRevoked()).toBe(true);
    await jest.advanceTimersByTimeAsync(5000);
    await revoking;

    expect(failures).toHaveLength(1);
  });
});
