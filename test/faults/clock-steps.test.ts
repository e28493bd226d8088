import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Clock, systemClock } from '../../src/base/clock.js';
import { createSteadyClock, type SteadyClock } from '../../src/base/steady-clock.js';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { createSettableMachine, type SettableMachine } from '../support/settable-machine.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

const HOUR = 3600;
const RING = await createRing();

let machine: SettableMachine;

beforeEach(() => {
  machine = createSettableMachine();
});

function steadyClock(): SteadyClock {
  const { clock, monotonic } = machine;
  return createSteadyClock({ clock, monotonic });
}

/** Whether a token that expires 600 s from now is accepted, asked again and again. */
function followToken(clock: Clock): () => Promise<boolean> {
  const service = createIssuerAndVerifier({ keyRing: RING, issuer: ISSUER, audience: AUDIENCE, clock });
  const token = mintToken(RING, { claims: { iat: NOW - 2 * HOUR, nbf: NOW - 2 * HOUR } });
  return () =>
    service.verify(token).then(
      () => true,
      () => false,
    );
}

describe('a token, while the system time changes', () => {
  test('stays expired when the time goes back by an hour', async () => {
    const isAccepted = followToken(steadyClock());
    machine.pass(700);
    expect(await isAccepted()).toBe(false);
    machine.set(-HOUR);
    expect(await isAccepted()).toBe(false);
    machine.pass(HOUR);

    expect(await isAccepted()).toBe(false);
  });

  test('becomes valid again without a steady clock', async () => {
    const isAccepted = followToken(machine.clock);
    machine.pass(700);
    machine.set(-HOUR);

    expect(await isAccepted()).toBe(true);
  });

  test('that is valid stays valid when the time goes back by an hour', async () => {
    const isAccepted = followToken(steadyClock());
    machine.pass(60);
    machine.set(-HOUR);

    expect(await isAccepted()).toBe(true);
  });

  test('is rejected while the time is an hour ahead, and accepted once it is correct again', async () => {
    const isAccepted = followToken(steadyClock());
    machine.set(HOUR);
    expect(await isAccepted()).toBe(false);
    machine.pass(60);
    machine.set(-HOUR);

    expect(await isAccepted()).toBe(true);
  });

  test('expires while the machine sleeps', async () => {
    const isAccepted = followToken(steadyClock());
    machine.sleep(HOUR);

    expect(await isAccepted()).toBe(false);
  });
});

const DRIVERS: readonly [string, (path: string, clock: Clock) => Promise<Stores>][] = [
  ['memory', async (_path, clock) => createMemoryStores({ clock })],
  ['LMDB', (path, clock) => openLmdbStores({ path, clock })],
];

describe.each(DRIVERS)(
  'what is kept in %s, while the clock of the machine is an hour ahead',
  (_name, open) => {
    let path = '';
    let stores: Stores;

    beforeEach(async () => {
      path = join(await mkdtemp(join(tmpdir(), 'passport-jwe-steps-')), 'store');
      stores = await open(path, steadyClock());
    });

    afterEach(async () => {
      await stores.close();
      await rm(dirname(path), { recursive: true });
    });

    test('is kept: revocations are in effect when the clock is correct again', async () => {
      await stores.revocations.add({ name: 'revoked', expiresAt: NOW + 600 });
      machine.set(HOUR);
      await stores.revocations.add({ name: 'other', expiresAt: machine.clock() + 600 });
      machine.set(-HOUR);

      expect(stores.revocations.find('revoked')).toBeDefined();
    });

    test('is deleted nevertheless once it expires', async () => {
      await stores.revocations.add({ name: 'revoked', expiresAt: NOW + 600 });
      machine.pass(HOUR);
      await stores.revocations.add({ name: 'other', expiresAt: NOW + 2 * HOUR });

      expect(stores.revocations.find('revoked')).toBeUndefined();
    });

    test('rejects no request by a limit when the clock is correct again', async () => {
      const rates = [{ name: 'requests_per_minute', quota: 10, windowSeconds: 60, cost: 10 }];
      const admit = async (id: string) =>
        (await stores.limits.admit({ id, buckets: [{ name: 'demo', rates }], leaseSeconds: 15 })).kind;
      machine.set(HOUR);
      expect(await admit('ahead')).toBe('admitted');
      machine.set(-HOUR);
      expect(await admit('at once')).toBe('refused');
      machine.pass(60);

      expect(await admit('a minute later')).toBe('admitted');
    });
  },
);

test('without a steady clock too, only entries that expire in the elapsed time are deleted', () => {
  const dateNow = jest.spyOn(Date, 'now').mockReturnValue((NOW + 100 * HOUR) * 1000);
  const earliest = systemClock.earliest?.() ?? 0;
  dateNow.mockRestore();

  expect(systemClock() - earliest).toBeGreaterThan(-1);
  expect(systemClock() - earliest).toBeLessThan(1);
});
