import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Clock } from '../../src/base/clock.js';
import { createSteadyClock } from '../../src/base/steady-clock.js';
import { type MemoryReplayStore, memoryReplayStore } from '../../src/stores/memory/memory-replay-store.js';
import type { ReplayVerdict } from '../../src/stores/replay-store.js';
import { thrownBy } from '../support/caught.js';
import { createSettableMachine, type SettableMachine } from '../support/settable-machine.js';

const LIFETIME = 60;
const HOUR = 3600;

let machine: SettableMachine;

beforeEach(() => {
  machine = createSettableMachine();
});

/** Clock of the machine, with a lower bound as that of the system clock. */
function boundedClock(): Clock {
  const { clock, monotonic } = machine;
  const start = clock() - monotonic();
  return Object.assign(() => clock(), { earliest: () => Math.min(clock(), start + monotonic()) });
}

/** Uses proofs of the present time; each client has a synchronized clock. */
function user(store: MemoryReplayStore, quota = 1000) {
  return (digest: string, jkt = 'k'): ReplayVerdict =>
    store.use({ digest, jkt, quota, expiresAt: machine.clock() + LIFETIME });
}

describe('memoryReplayStore', () => {
  test('returns the verdict without a promise', () => {
    expect(user(memoryReplayStore(machine.clock))('a')).toBe('first');
  });

  test('rejects a new proof if it is full, and still recognizes the recorded ones', () => {
    const use = user(memoryReplayStore(machine.clock, 3));
    for (const digest of ['a', 'b', 'c']) use(digest);

    expect(thrownBy(() => use('d'))).toMatchObject({ status: 503 });
    expect(['a', 'b', 'c'].map((digest) => use(digest))).toEqual(['repeated', 'repeated', 'repeated']);
  });

  test('accepts proofs again once those that filled it have expired', () => {
    const use = user(memoryReplayStore(machine.clock, 3));
    for (const digest of ['a', 'b', 'c']) use(digest);
    machine.pass(LIFETIME);

    expect(use('d')).toBe('first');
  });

  test('reports a key over its quota although it is full', () => {
    const use = user(memoryReplayStore(machine.clock, 2), 2);
    for (const digest of ['a', 'b']) use(digest);

    expect(use('c')).toBe('over_quota');
  });

  test('stores at most twice the quota of a flooding key, so other keys have room', () => {
    const store = memoryReplayStore(machine.clock, 21);
    const [flood, use] = [user(store, 10), user(store)];
    for (let n = 0; n < 1000; n += 1) {
      flood(`flood-${n}`);
      machine.pass(1);
    }

    expect(use('a', 'other')).toBe('first');
  });

  test('holds the proofs of two lifetimes at most', () => {
    const use = user(memoryReplayStore(machine.clock, 120));
    const verdicts = Array.from({ length: 2000 }, (_, n) => {
      machine.pass(1);
      return use(`at-${n}`);
    });

    expect(verdicts.filter((verdict) => verdict !== 'first')).toEqual([]);
  });

  test('admits the quota in each lifetime without end', () => {
    const use = user(memoryReplayStore(machine.clock), LIFETIME);
    const verdicts = Array.from({ length: 2000 }, (_, n) => {
      machine.pass(1);
      return use(`at-${n}`);
    });

    expect(verdicts.filter((verdict) => verdict !== 'first')).toEqual([]);
  });

  test('keeps the proofs of a long window while shorter ones follow', () => {
    const store = memoryReplayStore(machine.clock);
    const use = (digest: string, seconds: number) =>
      store.use({ digest, jkt: 'k', quota: 100, expiresAt: machine.clock() + seconds });
    use('long', 100);
    machine.pass(99);
    use('late', 100);
    machine.pass(2);
    for (const digest of ['short', 'shorter', 'next']) {
      use(digest, 10);
      machine.pass(9);
    }

    expect([use('late', 71), use('next', 1)]).toEqual(['repeated', 'repeated']);
  });
});

describe('memoryReplayStore, when the clock is set', () => {
  test('forgets no proof while the clock is temporarily ahead', () => {
    const use = user(memoryReplayStore(boundedClock()));
    use('a');
    machine.set(HOUR);
    use('b');
    machine.pass(30);
    use('c');
    machine.set(-HOUR);

    expect(use('a')).toBe('repeated');
  });

  test('restores the quota of a key after a lifetime although the clock was set back', () => {
    const use = user(memoryReplayStore(machine.clock), 1);
    use('a');
    machine.set(-HOUR);
    const verdicts = [use('b')];
    machine.pass(LIFETIME);
    verdicts.push(use('b'));

    expect(verdicts).toEqual(['over_quota', 'first']);
  });

  test('keeps the proofs of before only, if the clock was set back', () => {
    const use = user(memoryReplayStore(boundedClock(), 240));
    const step = (n: number): ReplayVerdict => {
      machine.pass(1);
      return use(`at-${n}`);
    };
    for (let n = 0; n < 300; n += 1) step(n);
    machine.set(-2 * HOUR);
    const verdicts = Array.from({ length: 2 * HOUR }, (_, n) => step(1000 + n));

    expect(verdicts.filter((verdict) => verdict !== 'first')).toEqual([]);
  });

  test.each([
    ['the system clock', () => boundedClock()],
    ['a steady clock', () => createSteadyClock({ clock: machine.clock, monotonic: machine.monotonic })],
  ])('does not keep proofs longer after the machine was suspended, by %s', (_name, clock) => {
    const use = user(memoryReplayStore(clock(), 300));
    const step = (n: number): ReplayVerdict => {
      machine.pass(1);
      return use(`at-${n}`);
    };
    for (let n = 0; n < 300; n += 1) step(n);
    machine.sleep(8 * HOUR);
    const verdicts = Array.from({ length: HOUR }, (_, n) => step(1000 + n));

    expect(verdicts.filter((verdict) => verdict !== 'first')).toEqual([]);
  });
});
