import { beforeEach, describe, expect, test } from '@jest/globals';
import type { AuditRecord } from 'passport-jwe/audit';
import { createAuditTrail } from '../../src/audit/record.js';
import { createPeople, type People } from '../../src/directory/people.js';
import { PROBE_ID } from '../../src/directory/probe-id.js';
import { createFakeDirectory, directoryPerson, type FakeDirectory } from '../support/fake-directory.js';
import { outageOf } from '../support/ldap-outcomes.js';

const PROBE = `id:${PROBE_ID}`;

let now: number;
let directory: FakeDirectory;
let records: AuditRecord[];
let people: People;

const openPeople = (changes: Partial<FakeDirectory> = {}, timeoutMs = 1000): People => {
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }] });
  const source = 'corp';
  return createPeople({
    source,
    directory: { ...directory, ...changes },
    audit,
    clock: () => now,
    timeoutMs,
  });
};

const events = () => records.map(({ time: _, ...event }) => event);

beforeEach(() => {
  now = 1000;
  records = [];
  directory = createFakeDirectory(directoryPerson('alice'), directoryPerson('bob'));
  people = openPeople();
});

describe('cached answers', () => {
  test('about people last 60 seconds', async () => {
    for (const seconds of [0, 59.9, 60]) {
      now = 1000 + seconds;
      expect(await people.byName('alice')).toMatchObject({ id: 'alice', subject: 'corp:alice' });
    }
    expect(directory.lookups).toEqual(['name:alice', 'name:alice']);
  });

  test('about absence last 5 seconds', async () => {
    for (const seconds of [0, 4.9, 5]) {
      now = 1000 + seconds;
      expect(await people.byId('carol')).toBeUndefined();
    }
    expect(directory.lookups).toEqual(['id:carol', 'id:carol']);
  });

  test('by name are found by ID too', async () => {
    await people.byName('alice');
    await people.byId('alice');
    expect(directory.lookups).toEqual(['name:alice']);
  });

  test('expire if the clock is set back', async () => {
    await people.byId('alice');
    now = 900;
    await people.byId('alice');
    expect(directory.lookups).toHaveLength(2);
  });

  test('are bounded in number', async () => {
    for (let index = 0; index <= 10_000; index += 1) directory.put(directoryPerson(`person-${index}`));
    for (let index = 0; index <= 10_000; index += 1) await people.byId(`person-${index}`);
    await people.byId('person-0');
    await people.byId('person-10000');
    expect(directory.lookups).toHaveLength(10_002);
  });

  test('about absence are bounded in number, and do not replace people', async () => {
    await people.byId('alice');
    for (let index = 0; index <= 1000; index += 1) await people.byName(`absent-${index}`);
    await people.byId('alice');
    await people.byName('absent-1000');
    expect(directory.lookups).toHaveLength(1002);
    await people.byName('absent-0');
    expect(directory.lookups).toHaveLength(1003);
  });

  test('are not replaced by answers to lookups that started earlier', async () => {
    let finish = (): void => {};
    const findByName = async (name: string) => {
      const found = await directory.findByName(name);
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return found;
    };
    people = openPeople({ findByName });
    const early = people.byName('alice');
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    directory.put(directoryPerson('alice', { state: 'disabled' }));
    expect(await people.byId('alice')).toMatchObject({ state: 'disabled' });
    finish();
    await early;
    expect(await people.byId('alice')).toMatchObject({ state: 'disabled' });
  });

  test('are as old as the start of their lookup', async () => {
    const findById = async (id: string) => {
      now += 10;
      return directory.findById(id);
    };
    people = openPeople({ findById });
    await people.byId('alice');
    now = 1059.9;
    await people.byId('alice');
    expect(directory.lookups).toHaveLength(1);
    now = 1060;
    await people.byId('alice');
    expect(directory.lookups).toHaveLength(2);
  });

  test('are not used by an uncached lookup, which renews them', async () => {
    await people.byId('alice');
    directory.remove('alice');
    expect(await people.byId('alice', { isUncached: true })).toBeUndefined();
    expect(await people.byId('alice')).toBeUndefined();
    expect(directory.lookups).toHaveLength(2);
  });

  test('are not confused between a name and an ID', async () => {
    directory.put(directoryPerson('1', { name: 'bob-of-1' }));
    await people.byId('1');
    expect(await people.byName('1')).toBeUndefined();
  });
});

test('concurrent lookups of one person are one lookup', async () => {
  await Promise.all(Array.from({ length: 50 }, () => people.byName('alice')));
  expect(directory.lookups).toEqual(['name:alice']);
});

describe('an outage', () => {
  beforeEach(() => directory.setReachable(false));

  test('fails lookups at once for two seconds, then lets one lookup start a probe', async () => {
    for (const seconds of [0, 1.9]) {
      now = 1000 + seconds;
      await expect(people.byId('alice')).rejects.toMatchObject({ status: 503 });
    }
    expect(directory.lookups).toEqual(['id:alice', PROBE]);
    now = 1002;
    const attempts = ['alice', 'bob', 'carol'].map((id) => outageOf(people.byId(id)));
    expect(await Promise.all(attempts)).toHaveLength(3);
    expect(directory.lookups).toEqual(['id:alice', PROBE, PROBE]);
  });

  test('ends with a probe', async () => {
    await outageOf(people.byId('alice'));
    directory.setReachable(true);
    now = 1002;
    expect(await people.byId('carol')).toBeUndefined();
    expect(await people.byId('alice')).toBeDefined();
    expect(directory.lookups.slice(2)).toEqual([PROBE, 'id:carol', 'id:alice']);
  });

  test('ends with the first answer, and is recorded once', async () => {
    for (let seconds = 0; seconds < 20; seconds += 5) {
      now = 1000 + seconds;
      await outageOf(people.byId('alice'));
    }
    directory.setReachable(true);
    now = 1100;
    await people.byId('alice');
    await people.byId('bob');
    expect(events()).toEqual([
      { type: 'directory.unreachable', directory: 'corp', reason: 'failed' },
      { type: 'directory.reachable', directory: 'corp' },
    ]);
  });

  test('does not affect cached people', async () => {
    directory.setReachable(true);
    await people.byId('alice');
    directory.setReachable(false);
    await outageOf(people.byId('bob'));
    expect(await people.byId('alice')).toBeDefined();
  });

  test('lets a refresh use an older answer about a person, but not about absence', async () => {
    directory.setReachable(true);
    await people.byId('alice');
    await people.byId('carol');
    directory.setReachable(false);
    now = 1899;
    expect(await people.byId('alice', { staleSeconds: 900 })).toMatchObject({ id: 'alice' });
    await outageOf(people.byId('alice'));
    await outageOf(people.byId('carol', { staleSeconds: 900 }));
    now = 1900;
    await outageOf(people.byId('alice', { staleSeconds: 900 }));
  });
});

describe('an older answer', () => {
  test.each(['disabled', 'expired', 'locked', 'password_expired'] as const)(
    'about a person who was %s is not used during an outage',
    async (state) => {
      directory.put(directoryPerson('alice', { state }));
      await people.byId('alice');
      directory.setReachable(false);
      now = 1061;
      await outageOf(people.byId('alice', { staleSeconds: 900 }));
    },
  );

  test('is not used for a person whose answer is malformed', async () => {
    let isMalformed = false;
    const findById = async (id: string) =>
      isMalformed ? directoryPerson('mallory') : directory.findById(id);
    people = openPeople({ findById });
    await people.byId('alice');
    isMalformed = true;
    now = 1061;
    expect(await outageOf(people.byId('alice', { staleSeconds: 900 }))).toContain('a different person');
  });
});

test('a failure that concerns one person does not affect the others', async () => {
  people = openPeople({ findByName: () => Promise.reject(new Error('Several people have this uid')) });
  expect(await outageOf(people.byName('twin'))).toContain('Several people');
  expect(await people.byId('alice')).toBeDefined();
  expect(events()).toEqual([]);
});

test('malformed answers are recorded at most once a minute, and affect no others', async () => {
  const findById = async (id: string) => (id === 'odd' ? directoryPerson('mallory') : directory.findById(id));
  people = openPeople({ findById });
  for (const seconds of [0, 30, 60]) {
    now = 1000 + seconds;
    expect(await outageOf(people.byId('odd'))).toContain('a different person');
    expect(await people.byId('bob', { isUncached: true })).toBeDefined();
  }
  const malformed = { type: 'directory.unreachable', directory: 'corp', reason: 'malformed' };
  const reachable = { type: 'directory.reachable', directory: 'corp' };
  expect(events()).toEqual([malformed, reachable, malformed, reachable]);
});

test('a lookup that hangs for one person does not affect the others', async () => {
  const find = (name: string) =>
    name === 'slow' ? new Promise<never>(() => {}) : directory.findByName(name);
  people = openPeople({ findByName: find }, 20);
  expect(await outageOf(people.byName('slow'))).toContain('did not answer within 20 ms');
  expect(await people.byName('alice')).toBeDefined();
  expect(events()).toEqual([]);
});

test('a person whose lookup hangs does not prolong an outage', async () => {
  const find = (name: string) =>
    name === 'slow' ? new Promise<never>(() => {}) : directory.findByName(name);
  people = openPeople({ findByName: find }, 20);
  directory.setReachable(false);
  await outageOf(people.byName('bob'));
  directory.setReachable(true);
  now = 1002;
  const slow = outageOf(people.byName('slow'));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(await people.byName('alice')).toBeDefined();
  expect(await slow).toContain('did not answer');
  expect(await people.byName('bob')).toBeDefined();
});

test('a lookup without an answer fails in time, and is an outage', async () => {
  people = openPeople({ findById: () => new Promise(() => {}) }, 20);
  expect(await outageOf(people.byId('alice'))).toContain('did not answer within 20 ms');
  expect(await outageOf(people.byName('bob'))).toContain('did not answer');
  expect(events()).toEqual([{ type: 'directory.unreachable', directory: 'corp', reason: 'timeout' }]);
});
