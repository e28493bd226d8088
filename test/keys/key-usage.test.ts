import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  createAuditTrail,
  createKeyRing,
  createMemoryStores,
  generateKeySet,
  type KeyRing,
  type KeyUsageOptions,
  openKeyRing,
  TemporarilyUnavailableError,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import type { CounterStore } from 'passport-jwe/stores';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { memoryKeySource } from '../support/memory-key-source.js';
import { AUDIENCE, clock, ISSUER, NOW, secretOf } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

let counters: CounterStore;
let steps: number;
let records: AuditRecord[];

beforeEach(() => {
  const store = createMemoryStores({ clock }).counters;
  steps = 0;
  records = [];
  counters = {
    read: store.read,
    add: (step) => {
      steps += 1;
      return store.add(step);
    },
  };
});

const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });

function createCountedRing(usage: Partial<KeyUsageOptions> = {}): Promise<KeyRing> {
  return createKeyRing({
    current: { secret: secretOf(1) },
    usage: { stores: { counters }, ...usage },
    audit,
  });
}

async function issue(keyRing: KeyRing, times = 1): Promise<void> {
  const service = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
  for (let count = 0; count < times; count += 1) {
    await service.issue({
      type: 'service',
      subject: 's',
      clientId: 's',
      audience: AUDIENCE,
      scope: [],
      lifetime: 60,
      claims: {},
    });
  }
}

describe('the use of a key', () => {
  test('is counted in reservations: the store is asked once for thousands of tokens', async () => {
    await issue(await createCountedRing(), 100);

    expect(steps).toBe(1);
  });

  test('does not wait while there is a reserve', async () => {
    const ring = await createCountedRing();
    const key = internalsOf(ring).encryptionKey('access', AUDIENCE);
    await internalsOf(ring).claimUse(key);

    expect(internalsOf(ring).claimUse(key)).toBeUndefined();
  });

  test('asks for more when less than a quarter of a reservation is left', async () => {
    const ring = await createCountedRing({ limit: 512 });
    await issue(ring, 6);
    const stepsAtQuarter = steps;
    await issue(ring, 1);

    expect([stepsAtQuarter, steps]).toEqual([1, 2]);
  });

  test('ends at the limit, across processes: then nothing is encrypted', async () => {
    const rings = [await createCountedRing({ limit: 20 }), await createCountedRing({ limit: 20 })];
    for (const ring of rings) await issue(ring, 10);

    const refusal = {
      status: 503,
      cause: { message: expect.stringMatching(/^Key [\w-]+ has reached its limit of 20 messages/) },
    };
    for (const ring of rings) await expect(issue(ring)).rejects.toMatchObject(refusal);
    expect(records.at(-1)).toMatchObject({ type: 'key.exhausted', limit: 20 });
  });

  test('is the same for many at once', async () => {
    const ring = await createCountedRing({ limit: 50 });
    const outcomes = await Promise.allSettled(Array.from({ length: 80 }, () => issue(ring)));

    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(50);
  });

  test('is counted for each derived key by itself', async () => {
    const ring = await createCountedRing({ limit: 1 });
    await issue(ring);

    expect(
      await internalsOf(ring).claimUse(internalsOf(ring).encryptionKey('refresh', ISSUER)),
    ).toBeUndefined();
  });

  test('that exceeds warnShare is recorded once', async () => {
    await issue(await createCountedRing({ limit: 100, warnShare: 0.2 }), 60);

    expect(records.filter(({ type }) => type === 'key.usage_high')).toMatchObject([{ used: 20, limit: 100 }]);
  });

  test('uses the reserve while the store is unavailable, and then is an outage', async () => {
    const ring = await createCountedRing({ limit: 640 });
    await issue(ring);
    counters.add = async () => {
      throw new TemporarilyUnavailableError();
    };
    await issue(ring, 9);

    await expect(issue(ring)).rejects.toMatchObject({ status: 503 });
  });
});

describe('a ring that may', () => {
  test('rotates by itself at the warning', async () => {
    const source = memoryKeySource(generateKeySet(NOW));
    const usage = { stores: { counters }, limit: 100, warnShare: 0.1 };
    const ring = await openKeyRing({ source, usage, audit, clock });
    await issue(ring, 20);
    while (source.set.keys.length === 1) await new Promise((resolve) => setTimeout(resolve, 1));

    expect(ring.versions.map(({ state }) => state)).toEqual(['current', 'pending']);
    await ring.close();
  });

  test('does not rotate if rotate is false', async () => {
    const source = memoryKeySource(generateKeySet(NOW));
    const usage = { stores: { counters }, limit: 100, warnShare: 0.1, rotate: false };
    const ring = await openKeyRing({ source, usage, audit, clock });
    await issue(ring, 20);
    await ring.close();

    expect(source.set.keys).toHaveLength(1);
    expect(records.some(({ type }) => type === 'key.usage_high')).toBe(true);
  });

  test('retries a failed rotation', async () => {
    const source = memoryKeySource(generateKeySet(NOW));
    const ring = await openKeyRing({
      source,
      usage: { stores: { counters }, limit: 100, warnShare: 0.1 },
      audit,
      clock,
    });
    source.failure = new Error('gone');
    await issue(ring, 20);
    source.failure = undefined;
    await issue(ring, 20);
    while (source.set.keys.length === 1) await new Promise((resolve) => setTimeout(resolve, 1));

    await ring.close();
    expect(source.set.keys).toHaveLength(2);
  });
});

describe('options', () => {
  const limit = 'createKeyRing: usage.limit must be an integer from 1 to 4294967296';
  const missing =
    'createKeyRing: usage.stores.counters is required: pass the stores of a driver, for example { stores: createMemoryStores() }';
  const warnShare = 'createKeyRing: usage.warnShare must be a number from 0 to 1, for example 0.5';

  test.each([
    [{ limit: 0 }, limit],
    [{ limit: 1.5 }, limit],
    [{ limit: 2 ** 32 + 1 }, limit],
    [{ warnShare: -0.1 }, warnShare],
    [{ warnShare: 1.1 }, warnShare],
    [{ warnShare: null }, warnShare],
    [{ warnShare: '0.5' }, warnShare],
    [{ stores: null }, missing],
    [{ stores: {} }, missing],
    [{ stores: { counters: {} } }, missing],
    [
      { counters: { add: () => 1 } },
      'createKeyRing: usage: unknown option counters; expected one of: stores, limit, warnShare, rotate',
    ],
    [
      { budget: 1 },
      'createKeyRing: usage: unknown option budget; expected one of: stores, limit, warnShare, rotate',
    ],
  ])('rejects %j: %s', async (usage, message) => {
    await expect(createCountedRing(untyped(usage))).rejects.toThrow(new TypeError(message));
  });

  test.each([{ warnShare: 0 }, { warnShare: 1 }, { limit: 1 }, { limit: 2 ** 32 }])(
    'accepts %j',
    async (usage) => {
      await expect(createCountedRing(usage)).resolves.toBeDefined();
    },
  );
});
