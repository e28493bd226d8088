import { beforeEach, describe, expect, test } from '@jest/globals';
import { noAuditTrail } from '../../src/audit/record.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { RefreshFamilies, RefreshRequest } from '../../src/sessions/refresh-contract.js';
import { createRefreshFamilies } from '../../src/sessions/refresh-families.js';
import { resolveRefreshSettings } from '../../src/sessions/refresh-settings.js';
import { type RefreshTokenCodec, refreshTokenCodec } from '../../src/sessions/refresh-token-codec.js';
import type { FamilyStore } from '../../src/stores/family-store.js';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { createRandom } from '../support/random.js';
import { AUDIENCE, clock, createRing, ISSUER, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const START = { clientId: 'demo', subject: 'demo', subjectAsserted: false, audience: AUDIENCE, scope: '' };
const REQUEST: RefreshRequest = {
  clientId: 'demo',
  isPublic: false,
  sessionId: undefined,
  deviceId: undefined,
  requestedScope: '',
};

let store: FamilyStore;
let codec: RefreshTokenCodec;
let families: RefreshFamilies;

beforeEach(async () => {
  store = createMemoryStores({ clock }).families;
  codec = refreshTokenCodec(internalsOf(await createRing()), ISSUER);
  const settings = resolveRefreshSettings({}, 'tokenRouter');
  families = createRefreshFamilies({
    store,
    codec,
    revocations: undefined,
    settings,
    audit: noAuditTrail,
    clock,
  });
});

const rotate = async (token: string) => families.rotate(await codec.open(token, NOW), REQUEST);

describe('the stored state of a family', () => {
  test('contains no refresh token or part of one', async () => {
    const tokens = [(await families.begin(START)).refreshToken];
    for (let use = 0; use < 3; use += 1) tokens.push(await rotate(tokens.at(-1) ?? ''));
    const kept = JSON.stringify(await store.find((await codec.open(tokens[0] ?? '', NOW)).family));
    const secrets = tokens.map((token) => token.slice(token.indexOf('..') + 2));

    for (const secret of secrets) {
      for (let from = 0; from + 20 <= secret.length; from += 1) {
        expect(kept.includes(secret.slice(from, from + 20))).toBe(false);
      }
    }
  });
});

test('a clock that is set back does not extend the grace window', async () => {
  let now = NOW;
  const movable = createRefreshFamilies({
    ...{ store, codec, revocations: undefined, audit: noAuditTrail },
    settings: resolveRefreshSettings({}, 'tokenRouter'),
    clock: () => now,
  });
  const { refreshToken } = await movable.begin(START);
  const presented = await codec.open(refreshToken, NOW);
  now = NOW + 3600;
  await movable.rotate(presented, REQUEST);
  now = NOW + 90;

  await expect(movable.rotate(presented, REQUEST)).rejects.toMatchObject({ reason: 'reused' });
});

describe('300 races', () => {
  const random = createRandom(9);

  test('of 2 to 50 uses of one token leave exactly one live token', async () => {
    for (let race = 0; race < 300; race += 1) {
      const { refreshToken } = await families.begin(START);
      const contenders = 2 + Math.floor(random() * 49);
      const uses = Array.from({ length: contenders }, () => rotate(refreshToken));
      const successors = new Set(await Promise.all(uses));

      expect(successors.size).toBe(1);
      for (const successor of successors) await rotate(successor);
    }
  });

  test('of an old token and the live one never leave a live token behind', async () => {
    for (let race = 0; race < 300; race += 1) {
      const first = (await families.begin(START)).refreshToken;
      const second = await rotate(first);
      const third = await rotate(second);
      const [old, live] = random() < 0.5 ? [0, 1] : [1, 0];
      const uses = [first, third];
      const outcomes = await Promise.allSettled([uses[old] ?? '', uses[live] ?? ''].map(rotate));
      const tokens = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));

      for (const token of [second, third, ...tokens]) {
        await expect(rotate(token)).rejects.toMatchObject({ error: 'invalid_grant' });
      }
    }
  });
});

describe('settings of refresh tokens', () => {
  test.each([
    { idleSeconds: 0 },
    { idleSeconds: 100, absoluteSeconds: 99 },
    { absoluteSeconds: Number.POSITIVE_INFINITY },
    { graceSeconds: -1 },
    { graceSeconds: 61 },
    { grace: 10 },
  ])('are rejected: %j', (settings) => {
    expect(() => resolveRefreshSettings(untyped(settings), 'tokenRouter')).toThrow(TypeError);
  });
});
