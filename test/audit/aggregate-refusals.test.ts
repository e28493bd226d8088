import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { AuditEvent, AuditRecord } from '../../src/audit/events.js';
import { createAuditTrail } from '../../src/audit/record.js';
import { NOW } from '../support/tokens.js';

type Refusal = Extract<AuditEvent, { readonly type: 'token.refused' | 'issuance.refused' }>;

const REFUSED: Extract<Refusal, { readonly type: 'token.refused' }> = {
  type: 'token.refused',
  code: 'ERR_INVALID_TOKEN',
  reason: 'decryption',
  ip: '192.0.2.1',
};
const NO_CLIENT: Refusal = { type: 'issuance.refused', code: 'ERR_INVALID_CLIENT', reason: 'unknown_key' };

function setUp() {
  let now = NOW;
  const records: AuditRecord[] = [];
  const sink = { write: (record: AuditRecord) => void records.push(record) };
  const audit = createAuditTrail({ sinks: [sink], clock: () => now });
  return {
    audit,
    records,
    counts: () => records.flatMap((record) => ('count' in record ? [record.count] : [undefined])),
    refuseAt(seconds: number, refusal: Refusal = REFUSED) {
      now = NOW + seconds;
      void audit.record(refusal);
    },
  };
}

afterEach(() => {
  jest.useRealTimers();
});

describe('rejections of requests without a verified token', () => {
  test('are recorded at once if they are the first of their kind', () => {
    const { records, refuseAt } = setUp();
    refuseAt(0);

    expect(records).toEqual([{ ...REFUSED, count: 1, time: '2030-01-01T00:00:00Z' }]);
  });

  test('are then counted, and recorded when the minute ends', () => {
    const { counts, refuseAt } = setUp();
    for (const seconds of [0, 1, 30, 59.9, 60]) refuseAt(seconds);

    expect(counts()).toEqual([1, 3]);
  });

  test('are recorded once a minute while they continue', () => {
    const { counts, refuseAt } = setUp();
    for (let seconds = 0; seconds <= 180; seconds += 10) refuseAt(seconds);

    expect(counts()).toEqual([1, 5, 6, 6]);
  });

  test('are recorded by a timer if no other follows', () => {
    jest.useFakeTimers();
    const { counts, refuseAt } = setUp();
    refuseAt(0);
    refuseAt(1);
    jest.advanceTimersByTime(60_000);

    expect(counts()).toEqual([1, 1]);
    expect(jest.getTimerCount()).toBe(0);
  });

  test('count as new after a minute without any', () => {
    const { counts, refuseAt } = setUp();
    for (const seconds of [0, 120, 240]) refuseAt(seconds);

    expect(counts()).toEqual([1, 1, 1]);
  });

  test('are distinguished by reason, code and address', () => {
    const { counts, refuseAt } = setUp();
    refuseAt(0);
    refuseAt(0, { ...REFUSED, reason: 'expired' });
    refuseAt(0, { ...REFUSED, code: 'ERR_TEMPORARILY_UNAVAILABLE' });
    refuseAt(0, { ...REFUSED, ip: '192.0.2.2' });
    refuseAt(0, NO_CLIENT);

    expect(counts()).toEqual([1, 1, 1, 1, 1]);
  });

  test('of one block of IPv6 addresses are one kind', () => {
    const { counts, audit, refuseAt } = setUp();
    for (let host = 0; host < 50; host += 1)
      refuseAt(0, { ...REFUSED, ip: `2001:db8:1:2::${host.toString(16)}` });
    audit.flush().catch(() => {});

    expect(counts()).toEqual([1, 49]);
  });

  test('are recorded when the trail is flushed', async () => {
    const { audit, counts, refuseAt } = setUp();
    for (const seconds of [0, 1, 2]) refuseAt(seconds);
    await audit.flush();
    await audit.flush();

    expect(counts()).toEqual([1, 2]);
  });
});

describe('rejections with a known cause', () => {
  test.each<[string, Refusal]>([
    ['a verified token', { type: 'token.refused', code: 'ERR_INSUFFICIENT_SCOPE', jti: 'j1' }],
    ['an authenticated client', { type: 'issuance.refused', code: 'ERR_INVALID_SCOPE', clientId: 'demo' }],
  ])('by %s are recorded one by one', (_, refusal) => {
    const { counts, audit } = setUp();
    for (let number = 0; number < 3; number += 1) void audit.record(refusal);

    expect(counts()).toEqual([undefined, undefined, undefined]);
  });

  test('of an invalid token are counted per token', async () => {
    const { records, audit, refuseAt } = setUp();
    const revoked = { ...REFUSED, reason: 'revoked', clientId: 'demo' } as const;
    for (const jti of ['j1', 'j2', 'j1', 'j1']) refuseAt(0, { ...revoked, jti });
    await audit.flush();

    expect(records).toMatchObject([
      { jti: 'j1', count: 1 },
      { jti: 'j2', count: 1 },
      { jti: 'j1', count: 2 },
    ]);
  });

  test('of tokens without proof are not counted with the token that they imitate', async () => {
    const { records, audit, refuseAt } = setUp();
    const revoked = { ...REFUSED, reason: 'revoked', clientId: 'demo', jti: 'j1' } as const;
    for (const proof of [{ proven: true }, {}, {}, {}] as const) refuseAt(0, { ...revoked, ...proof });
    await audit.flush();

    expect(records.map((record) => ['proven', 'count'].map((name) => Reflect.get(record, name)))).toEqual([
      [true, 1],
      [undefined, 1],
      [undefined, 2],
    ]);
  });

  test('of more than 1000 workloads are counted without workloads beyond that', async () => {
    const { records, audit, refuseAt } = setUp();
    const refusal = { type: 'issuance.refused', code: 'ERR_INVALID_GRANT', reason: 'no_workload' } as const;
    for (let number = 0; number < 1050; number += 1)
      refuseAt(0, { ...refusal, workloadIssuer: 'https://a.example', workloadSubject: `repo:${number}` });
    await audit.flush();

    expect(records.filter((record) => 'workloadSubject' in record)).toHaveLength(1000);
    expect(records.at(-1)).toMatchObject({ reason: 'no_workload', count: 49 });
    expect(records.at(-1)).not.toHaveProperty('workloadIssuer');
  });

  test('of more than 1000 invalid tokens are one kind beyond that', async () => {
    const { counts, audit, refuseAt } = setUp();
    const { ip: _, ...revoked } = { ...REFUSED, reason: 'revoked' as const };
    for (let number = 0; number < 1500; number += 1) refuseAt(0, { ...revoked, jti: `j${number}` });
    await audit.flush();

    expect(counts().slice(-3)).toEqual([1, 1, 499]);
    expect(counts()).toHaveLength(1002);
  });

  test('from 50 000 addresses with the ID of a public client are few events, and none is lost', async () => {
    const { counts, audit } = setUp();
    for (let address = 0; address < 50_000; address += 1) {
      const ip = `10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`;
      const named = { clientId: 'device', clientAsserted: true, ip } as const;
      void audit.record({
        type: 'issuance.refused',
        code: 'ERR_INVALID_GRANT',
        reason: 'malformed',
        ...named,
      });
    }
    await audit.flush();

    expect(counts().length).toBeLessThan(1100);
    expect(counts().reduce<number>((sum, count) => sum + (count ?? 0), 0)).toBe(50_000);
  });

  test('with only the ID of a public client are counted per client', async () => {
    const { records, audit } = setUp();
    const refusal = {
      ...({ type: 'issuance.refused', code: 'ERR_INVALID_GRANT', reason: 'malformed' } as const),
      ...({ clientId: 'device', clientAsserted: true } as const),
    };
    for (let number = 0; number < 3; number += 1) void audit.record(refusal);
    await audit.flush();

    expect(records).toMatchObject([
      { clientId: 'device', count: 1 },
      { clientId: 'device', count: 2 },
    ]);
  });
});

test('an unaggregated sink receives each rejection, and others receive counts', async () => {
  const written = { counter: [] as AuditRecord[], keeper: [] as AuditRecord[] };
  const counter = { write: (record: AuditRecord) => void written.counter.push(record), unaggregated: true };
  const keeper = { write: (record: AuditRecord) => void written.keeper.push(record) };
  const audit = createAuditTrail({ sinks: [counter, keeper], clock: () => NOW });
  for (let number = 0; number < 5; number += 1) void audit.record(REFUSED);
  await audit.flush();

  expect(written.counter).toEqual(new Array(5).fill({ ...REFUSED, time: '2030-01-01T00:00:00Z' }));
  expect(written.keeper).toMatchObject([{ count: 1 }, { count: 4 }]);
});

describe('100 000 rejections from 50 000 addresses', () => {
  /** Each address is refused twice, spread over so many seconds. */
  async function flood(seconds: number) {
    const { audit, records, refuseAt } = setUp();
    for (let number = 0; number < 100_000; number += 1) {
      const host = number % 50_000;
      refuseAt((number / 100_000) * seconds, {
        ...REFUSED,
        ip: `10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`,
      });
    }
    await audit.flush();
    const counted = records.map((record) => ('count' in record ? (record.count ?? 0) : 0));
    return { records: records.length, refusals: counted.reduce((sum, count) => sum + count, 0) };
  }

  test('cause a bounded number of records, and none is lost', async () => {
    const { records, refusals } = await flood(50);

    expect(refusals).toBe(100_000);
    expect(records).toBeLessThanOrEqual(2002);
  });

  test('cause no more records per minute than that, and none is lost', async () => {
    const { records, refusals } = await flood(600);

    expect(refusals).toBe(100_000);
    expect(records).toBeLessThanOrEqual(10 * 2002);
  });

  test('record the addresses of the first, and are one kind beyond that', async () => {
    const { audit, records, refuseAt } = setUp();
    for (let host = 0; host < 2000; host += 1)
      refuseAt(0, { ...REFUSED, ip: `10.0.${host >> 8}.${host & 255}` });
    await audit.flush();

    expect(records.filter((record) => 'ip' in record)).toHaveLength(1000);
    expect(records.filter((record) => !('ip' in record))).toMatchObject([{ count: 1 }, { count: 999 }]);
  });
});
