import { createSecretKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { noAuditTrail } from '../../src/audit/record.js';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { createSuccessorEraser, SWEEP_SECONDS } from '../../src/sessions/erase-successors.js';
import type { RefreshRequest } from '../../src/sessions/refresh-contract.js';
import { createRefreshFamilies } from '../../src/sessions/refresh-families.js';
import { resolveRefreshSettings } from '../../src/sessions/refresh-settings.js';
import { refreshTokenCodec } from '../../src/sessions/refresh-token-codec.js';
import type { FamilyStore } from '../../src/stores/family-store.js';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { openText } from '../../src/token/seal-text.js';
import { describeOnDrivers } from '../support/drivers.js';
import { keyRingWith } from '../support/key-ring-with.js';
import { AUDIENCE, createRing, ISSUER, NOW, secretOf } from '../support/tokens.js';

const START = {
  ...{ clientId: 'demo', subject: 'demo', subjectAsserted: false, audience: AUDIENCE, scope: '' },
  deviceId: 'd1',
};
const REQUEST: RefreshRequest = {
  ...{ clientId: 'demo', isPublic: false, sessionId: undefined, deviceId: 'd1', requestedScope: '' },
};
const AFTER_GRACE = NOW + 11;
const UNAVAILABLE = new TemporarilyUnavailableError();

let now = NOW;
const clock = (): number => now;
let sweeps: (() => void)[];
let timers: NodeJS.Timeout[];

/** Sweeps are run by the tests; all other timers are those of the machine. */
beforeEach(() => {
  now = NOW;
  sweeps = [];
  timers = [];
  const setTimer = globalThis.setTimeout;
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(
    Object.assign((run: () => void, milliseconds?: number) => {
      if (milliseconds !== SWEEP_SECONDS * 1000) return setTimer(run, milliseconds);
      sweeps.push(run);
      const timer = setTimer(() => undefined, milliseconds);
      timers.push(timer);
      return timer;
    }, setTimer),
  );
});

afterEach(() => {
  for (const timer of timers) clearTimeout(timer);
  jest.restoreAllMocks();
});

function serve(store: FamilyStore, keyRing: KeyRing) {
  const codec = refreshTokenCodec(internalsOf(keyRing), ISSUER);
  const settings = resolveRefreshSettings({}, 'tokenRouter');
  const parts = { store, codec, revocations: undefined, settings, audit: noAuditTrail, clock };
  const families = createRefreshFamilies(parts);
  const open = (token: string) => codec.open(token, now);
  return {
    begin: async () => (await families.begin(START)).refreshToken,
    rotate: async (token: string, request: Partial<RefreshRequest> = {}) =>
      families.rotate(await open(token), { ...REQUEST, ...request }),
    stateOf: async (token: string) => (await store.find((await open(token)).family))?.state,
  };
}

type Server = ReturnType<typeof serve>;

/** Runs the sweep that waits, and what it asks of the store. */
async function sweep(): Promise<void> {
  for (const run of sweeps.splice(0)) run();
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Sweeps until nothing waits any more, since a store may take its time. */
async function sweepUntilErased(server: Server, token: string): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) {
    await sweep();
    if ((await server.stateOf(token))?.parent?.sealedSuccessor === undefined) return;
  }
}

describeOnDrivers('the sealed successor of a consumed token', (open) => {
  let store: FamilyStore;
  let server: Server;
  let first: string;
  let second: string;

  beforeEach(async () => {
    store = (await open(clock)).families;
    server = serve(store, await createRing());
    first = await server.begin();
    second = await server.rotate(first);
  });

  test('cannot be opened with the consumed token and a copy of the store, without the root secret', async () => {
    const { sealedSuccessor = '' } = (await server.stateOf(first))?.parent ?? {};
    const thief = serve(store, await createKeyRing({ current: { secret: secretOf(2) } }));

    expect(sealedSuccessor).not.toBe('');
    for (const key of [Buffer.alloc(32), Buffer.from(first), secretOf(2)]) {
      expect(() => openText(sealedSuccessor, { token: first, key: createSecretKey(key) })).toThrow();
    }
    await expect(thief.rotate(first)).rejects.toMatchObject({ reason: 'malformed' });
  });

  test('is erased after the grace window', async () => {
    now = AFTER_GRACE;
    await sweepUntilErased(server, first);

    const { parent } = (await server.stateOf(first)) ?? {};
    expect(parent).toMatchObject({ requestedScope: '', consumedAt: NOW });
    expect(Object.keys(parent ?? {}).sort()).toEqual(['consumedAt', 'digest', 'requestedScope']);
  });

  test('is kept within the grace window', async () => {
    now = NOW + 10;
    await sweep();

    expect(await server.rotate(first)).toBe(second);
  });

  test('leaves a digest, so that reuse of the consumed token still ends the family', async () => {
    now = AFTER_GRACE;
    await sweepUntilErased(server, first);

    await expect(server.rotate(first)).rejects.toMatchObject({ reason: 'reused' });
    await expect(server.rotate(second)).rejects.toMatchObject({ reason: 'ended' });
  });

  test('is also erased by the next write of its family, without a sweep', async () => {
    now = AFTER_GRACE;
    await expect(server.rotate(second, { deviceId: 'd2' })).rejects.toMatchObject({ reason: 'wrong_device' });

    expect((await server.stateOf(first))?.parent).not.toHaveProperty('sealedSuccessor');
  });

  test('is erased without other changes, and the live token stays valid', async () => {
    const before = await server.stateOf(first);
    now = AFTER_GRACE;
    await sweepUntilErased(server, first);
    const after = await server.stateOf(first);

    expect({ ...after, parent: undefined }).toEqual({ ...before, parent: undefined });
    await server.rotate(second);
  });

  test('of a newer use is not erased with that of an older use', async () => {
    now = NOW + 9;
    const third = await server.rotate(second);
    now = NOW + 12;
    await sweep();

    expect(await server.rotate(second)).toBe(third);
  });
});

describe('erasing', () => {
  let store: FamilyStore;
  let keyRing: KeyRing;

  beforeEach(async () => {
    store = createMemoryStores({ clock }).families;
    keyRing = await createRing();
  });

  test('is retried while the store is unavailable, up to 12 failures', async () => {
    let finds = 0;
    let isAway = false;
    const flaky: FamilyStore = {
      ...store,
      async find(name) {
        if (!isAway) return store.find(name);
        finds += 1;
        throw UNAVAILABLE;
      },
    };
    const server = serve(flaky, keyRing);
    await server.rotate(await server.begin());
    now = AFTER_GRACE;
    isAway = true;
    for (let turn = 0; turn < 20; turn += 1) await sweep();

    expect(finds).toBe(12);
    expect(sweeps).toEqual([]);
  });

  test('succeeds once the store is back', async () => {
    let failures = 3;
    const flaky: FamilyStore = {
      ...store,
      async replace(family) {
        const isErasure = family.state.parent?.sealedSuccessor === undefined && failures > 0;
        if (!isErasure || family.state.parent === undefined) return store.replace(family);
        failures -= 1;
        throw UNAVAILABLE;
      },
    };
    const server = serve(flaky, keyRing);
    const first = await server.begin();
    await server.rotate(first);
    now = AFTER_GRACE;
    for (let turn = 0; turn < 4; turn += 1) await sweep();

    expect(failures).toBe(0);
    expect((await server.stateOf(first))?.parent).not.toHaveProperty('sealedSuccessor');
  });

  test('is retried if another step of the family came first', async () => {
    let losses = 1;
    const contended: FamilyStore = {
      ...store,
      async replace(family) {
        const isErasure =
          family.state.parent !== undefined && family.state.parent.sealedSuccessor === undefined;
        if (!isErasure || losses === 0) return store.replace(family);
        losses -= 1;
        return false;
      },
    };
    const server = serve(contended, keyRing);
    const first = await server.begin();
    await server.rotate(first);
    now = AFTER_GRACE;
    for (let turn = 0; turn < 2; turn += 1) await sweep();

    expect((await server.stateOf(first))?.parent).not.toHaveProperty('sealedSuccessor');
  });

  test('is also scheduled if the response of the store to the use was lost', async () => {
    let isLost = true;
    const lossy: FamilyStore = {
      ...store,
      async replace(family) {
        const isReplaced = await store.replace(family);
        if (!isLost || family.state.parent === undefined) return isReplaced;
        isLost = false;
        throw UNAVAILABLE;
      },
    };
    const server = serve(lossy, keyRing);
    const first = await server.begin();
    await expect(server.rotate(first)).rejects.toBe(UNAVAILABLE);
    expect((await server.stateOf(first))?.parent).toHaveProperty('sealedSuccessor');
    now = AFTER_GRACE;
    await sweep();

    expect((await server.stateOf(first))?.parent).not.toHaveProperty('sealedSuccessor');
  });

  test('after a use on one instance spares the successor of a newer use on another', async () => {
    const [one, other] = [serve(store, keyRing), serve(store, keyRing)];
    const second = await one.rotate(await one.begin());
    now = NOW + 9;
    const third = await other.rotate(second);
    now = NOW + 12;
    await sweep();

    expect(await other.rotate(second)).toBe(third);
  });

  test('is still scheduled for a use after a sweep that found nothing to erase', async () => {
    let onFound = async (): Promise<void> => undefined;
    const slow: FamilyStore = {
      ...store,
      async find(name) {
        const found = await store.find(name);
        await onFound();
        return found;
      },
    };
    const server = serve(slow, keyRing);
    const first = await server.begin();
    const second = await server.rotate(first);
    now = AFTER_GRACE;
    await expect(server.rotate(second, { deviceId: 'd2' })).rejects.toMatchObject({ reason: 'wrong_device' });
    onFound = async () => {
      onFound = async () => undefined;
      await server.rotate(second);
    };
    await sweep();
    now += 11;
    await sweep();

    expect((await server.stateOf(first))?.parent).not.toHaveProperty('sealedSuccessor');
  });

  test('spares a use during a sweep and erases it later', async () => {
    let onErasure = async (): Promise<void> => undefined;
    let isAway = true;
    const slow: FamilyStore = {
      ...store,
      async find(name) {
        await onErasure();
        return store.find(name);
      },
      async replace(family) {
        if (isAway) throw UNAVAILABLE;
        return store.replace(family);
      },
    };
    const server = serve(slow, keyRing);
    const first = await server.begin();
    await expect(server.rotate(first)).rejects.toBe(UNAVAILABLE);
    isAway = false;
    now = AFTER_GRACE;
    onErasure = async () => {
      onErasure = async () => undefined;
      await server.rotate(first);
    };
    await sweep();
    expect((await server.stateOf(first))?.parent).toHaveProperty('sealedSuccessor');
    now += 11;
    await sweep();

    expect((await server.stateOf(first))?.parent).not.toHaveProperty('sealedSuccessor');
  });

  test('needs one timer for any number of families, which does not keep the process alive', async () => {
    const server = serve(store, keyRing);
    for (let family = 0; family < 150; family += 1) await server.rotate(await server.begin());

    expect(sweeps).toHaveLength(1);
    expect(timers.map((timer) => timer.hasRef())).toEqual([false]);
    now = AFTER_GRACE;
    await sweep();
    expect(sweeps).toEqual([]);
  });
});

test('at most 50 000 successors wait to be erased', async () => {
  let finds = 0;
  const store: FamilyStore = {
    ...createMemoryStores({ clock }).families,
    async find() {
      finds += 1;
      return undefined;
    },
  };
  const eraser = createSuccessorEraser({ store, isInGrace: () => false });
  const state = { ...START, sessionId: 's', sessionChosen: false, createdAt: NOW, lastUsedAt: NOW };
  for (let family = 0; family < 50_010; family += 1) {
    const stored = { state: { ...state, endsAt: NOW, current: '' }, expiresAt: NOW, revision: 1 };
    eraser.schedule({ id: String(family), ...stored }, NOW);
  }
  for (let turn = 0; turn < 20; turn += 1) await sweep();

  expect(finds).toBe(50_000);
});

describe('a successor that cannot be opened within the grace window', () => {
  let store: FamilyStore;

  beforeEach(() => {
    store = createMemoryStores({ clock }).families;
  });

  test('because its key has left the key ring is an invalid grant and does not end the family as reused', async () => {
    const [one, other] = [{ secret: secretOf(1) }, { secret: secretOf(2) }];
    const first = await serve(store, await createKeyRing({ current: one })).begin();
    const rotated = serve(store, await createKeyRing({ current: other, previous: [one] }));
    await rotated.rotate(first);
    const withoutSuccessorKey = serve(store, await createKeyRing({ current: one }));

    await expect(withoutSuccessorKey.rotate(first)).rejects.toMatchObject({ reason: 'not_repeatable' });
    expect((await rotated.stateOf(first))?.ended).toBeUndefined();
  });

  test('because it was stored without the key of the issuer is an invalid grant and does not end the family', async () => {
    const server = serve(store, await createRing());
    const first = await server.begin();
    const second = await server.rotate(first);
    const { family } = await refreshTokenCodec(internalsOf(await createRing()), ISSUER).open(first, now);
    const stored = await store.find(family);
    if (stored?.state.parent === undefined) throw new Error('It was rotated');
    const { sealingKid: _, ...parent } = stored.state.parent;
    await store.replace({ ...stored, state: { ...stored.state, parent } });

    await expect(server.rotate(first)).rejects.toMatchObject({ reason: 'not_repeatable' });
    expect(await server.rotate(second)).not.toBe('');
  });

  test('because its stored kid is that of a key of an API is not opened', async () => {
    const ring = await createRing();
    const codec = refreshTokenCodec(internalsOf(ring), ISSUER);
    const sealingKid = internalsOf(ring).encryptionKey('access', AUDIENCE).kid;

    expect(await codec.unseal({ sealedSuccessor: 'x'.repeat(60), sealingKid }, 'token')).toBeUndefined();
  });

  test('because another instance has loaded a newer key is opened after a reload', async () => {
    const [one, other] = [{ secret: secretOf(1) }, { secret: secretOf(2) }];
    const old = await createKeyRing({ current: one });
    const newer = await createKeyRing({ current: other, previous: [one] });
    internalsOf(newer).prepare('refresh', ISSUER);
    let ring = old;
    const following = keyRingWith(old, {
      decryptionKey: (kid) => internalsOf(ring).decryptionKey(kid),
      async reloadForUnknownKey() {
        ring = newer;
        return true;
      },
    });
    const first = await serve(store, old).begin();
    const second = await serve(store, newer).rotate(first);

    expect(await serve(store, following).rotate(first)).toBe(second);
  });
});
