import { afterEach, expect, jest, test } from '@jest/globals';
import type { AuditEvent } from '../../src/audit/events.js';
import type { LogNews, LogPosition, RevocationLog } from '../../src/stores/redis/revocation-log.js';
import { RevocationReplica } from '../../src/stores/redis/revocation-replica.js';
import type { RevocationEntry } from '../../src/stores/revocation-store.js';
import { clock, NOW } from '../support/tokens.js';

const POSITION: LogPosition = { epoch: 'e', id: '1-0', text: '|' };
const NOTHING: LogNews = { position: POSITION, completeSince: NOW, entries: [], isCutOff: false };

const running: RevocationReplica[] = [];

afterEach(() => {
  jest.restoreAllMocks();
  for (const replica of running.splice(0)) replica.stop();
});

type Answer = () => LogNews | undefined;

/** A replica on a log that answers what a test says, and afterwards that there is nothing new. */
async function setUp() {
  const answers: Answer[] = [];
  const kept: RevocationEntry[] = [];
  const events: AuditEvent[] = [];
  let polls = 0;
  let vouchedSince = NOW;
  let readHalf = (): void => undefined;
  const log: RevocationLog = {
    open: async () => ({ position: POSITION, completeSince: NOW }),
    async poll() {
      polls += 1;
      const [answer] = answers.splice(0, 1);
      return answer === undefined ? { ...NOTHING, completeSince: vouchedSince } : answer();
    },
    untilNews: () => new Promise((resolve) => setTimeout(resolve, 2)),
    async *snapshot() {
      yield { name: 'known', expiresAt: NOW + 600 };
      readHalf();
    },
    async keep(entries) {
      kept.push(...entries);
      return true;
    },
    async fold() {},
    async vouch(_epoch, completeSince) {
      vouchedSince = completeSince;
    },
  };
  const audit = { enabled: true, record: async (event: AuditEvent) => void events.push(event) };
  const replica = new RevocationReplica({ log, maxAgeMs: 5000, clock, audit });
  running.push(replica);
  await replica.start(1000);
  return {
    replica,
    kept,
    events,
    /** Resolves once all of that was asked for, and once more. */
    async answer(...next: Answer[]): Promise<void> {
      answers.push(...next);
      const enough = polls + next.length + 2;
      while (answers.length > 0 || polls < enough) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    whileSnapshotIsRead: (run: () => void) => {
      readHalf = run;
    },
  };
}

function newsOf(...entries: readonly RevocationEntry[]): LogNews {
  return { ...NOTHING, entries };
}

function upTo(issuedUpTo: number): RevocationEntry {
  return { name: 'a', issuedUpTo, expiresAt: NOW + 600 };
}

test('an accepted entry that is missing in the log is restored', async () => {
  const { replica, kept, events, answer } = await setUp();
  replica.add(upTo(200));
  await answer();

  expect(kept).toEqual([upTo(200)]);
  expect(events).toEqual([{ type: 'store.data_lost', isNewEpoch: false, restored: 1 }]);
});

test.each([
  ['itself', upTo(200), []],
  ['one that reaches further', upTo(300), []],
  ['an older one that reaches less far', upTo(100), [upTo(200)]],
])('an accepted entry is not lost if the store logs %s', async (_name, logged, putBack) => {
  const { replica, kept, answer } = await setUp();
  const logging = answer(() => newsOf(logged));
  replica.add(upTo(200));
  await logging;

  expect(kept).toEqual(putBack);
});

test('an entry accepted during a snapshot does not count as lost', async () => {
  const { replica, kept, events, answer, whileSnapshotIsRead } = await setUp();
  whileSnapshotIsRead(() => replica.add(upTo(200)));
  await answer(
    () => undefined,
    () => newsOf(upTo(200)),
  );

  expect(replica.find('a')).toEqual(upTo(200));
  expect({ kept, events }).toEqual({ kept: [], events: [] });
});

test('the store counts as complete only once the whole log is read', async () => {
  const { replica, answer } = await setUp();
  const trustedSince: number[] = [];
  const restored = { completeSince: NOW - 600 };
  await answer(
    () => ({ ...newsOf(upTo(200)), ...restored, isCutOff: true }),
    () => {
      trustedSince.push(replica.completeSince());
      return { ...NOTHING, ...restored };
    },
  );

  expect([...trustedSince, replica.completeSince()]).toEqual([NOW, NOW - 600]);
});

test('entries missing in a snapshot are restored', async () => {
  const { replica, kept, answer } = await setUp();
  await answer(() => newsOf(upTo(200)));
  await answer(() => undefined);

  expect(kept).toEqual([upTo(200)]);
  expect(replica.find('known')).toBeDefined();
});

test('a replica is stale after the machine slept', async () => {
  const { replica, answer } = await setUp();
  expect(replica.isFresh()).toBe(true);
  const awake = Date.now();
  jest.spyOn(Date, 'now').mockReturnValue(awake + 3_600_000);

  expect(() => replica.find('a')).toThrow(expect.objectContaining({ status: 503 }));
  await answer();
  expect(replica.isFresh()).toBe(true);
});
