import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { noAuditTrail } from '../../src/audit/record.js';
import { InvalidGrantError } from '../../src/base/token-endpoint-errors.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { Revocable } from '../../src/revocation/revocable.js';
import { createRevocations } from '../../src/revocation/revocations.js';
import type { Revocations } from '../../src/revocation/revocations-contract.js';
import type { RefreshFamilies } from '../../src/sessions/refresh-contract.js';
import { createRefreshFamilies } from '../../src/sessions/refresh-families.js';
import {
  type PresentedToken,
  type RefreshTokenCodec,
  refreshTokenCodec,
} from '../../src/sessions/refresh-token-codec.js';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { AUDIENCE, createRing, ISSUER, NOW } from '../support/tokens.js';
import { type Extent, type FamilyModel, familyModel, type Start, type Use } from './family-model.js';

const LIFETIMES = { idleSeconds: 100, absoluteSeconds: 120, graceSeconds: 10 };

const clientId = fc.constantFrom('demo', 'demo', 'other');

/** How many tokens were issued after the one that is meant. */
const back = fc.oneof({ weight: 3, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: fc.nat(12) });

const starts: fc.Arbitrary<Start> = fc.record({
  clientId,
  subject: fc.constantFrom('alice', 'bob'),
  sessionId: fc.constantFrom(undefined, undefined, 's1', 's2'),
  deviceId: fc.constantFrom(undefined, 'phone'),
  key: fc.constantFrom(undefined, undefined, 'key-1'),
});

const uses = fc.record({
  back,
  clientId: fc.constantFrom(undefined, undefined, undefined, undefined, 'other'),
  session: fc.constantFrom<Use['session'][]>('own', 'own', 'own', 'own', 'wrong', 'none'),
  device: fc.constantFrom<Use['device'][]>('own', 'own', 'own', 'own', 'own', 'wrong', 'none'),
  isPublic: fc.constantFrom(false, true),
  key: fc.constantFrom(undefined, 'key-1', 'key-1', 'key-2'),
  scope: fc.constantFrom('', '', '', 'read'),
});

/** Quarters of seconds; some end on the second in which something else ends. */
const waits = fc.oneof(fc.integer({ min: 1, max: 240 }), fc.constantFrom(40, 40, 240, 400));

const ends = fc.record({ back, clientId });
const revokes = fc.record({ back, extent: fc.constantFrom<Extent[]>('session', 'subject', 'api_key') });

/** Families, clients and seconds are few, so that they meet. */
const actions = fc.oneof(
  { weight: 3, arbitrary: fc.record({ begin: starts }) },
  { weight: 12, arbitrary: fc.record({ use: uses }) },
  { weight: 1, arbitrary: fc.record({ end: ends }) },
  { weight: 1, arbitrary: fc.record({ revoke: revokes }) },
  { weight: 4, arbitrary: fc.record({ quarters: waits }) },
);

type Action = ValueOf<typeof actions>;
type Used = ValueOf<typeof uses>;
type Ended = ValueOf<typeof ends>;
type Revoked = ValueOf<typeof revokes>;
type ValueOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** A token, and what its family began with. */
interface Issued extends Start {
  readonly token: string;
  readonly actualSession: string;
}

/** One run: what was issued in it, the families and their model. */
interface Run {
  readonly time: { now: number };
  readonly issued: Issued[];
  readonly codec: RefreshTokenCodec;
  readonly revocations: Revocations;
  readonly families: RefreshFamilies;
  readonly model: FamilyModel;
}

function startRun(codec: RefreshTokenCodec): Run {
  const time = { now: NOW };
  const clock = (): number => time.now;
  const stores = createMemoryStores({ clock });
  const revocations = createRevocations({ stores, clock });
  const parts = {
    store: stores.families,
    codec,
    revocations,
    settings: LIFETIMES,
    audit: noAuditTrail,
    clock,
  };
  const families = createRefreshFamilies(parts);
  return { time, issued: [], codec, revocations, families, model: familyModel(LIFETIMES) };
}

async function perform(action: Action, run: Run): Promise<void> {
  if ('quarters' in action) run.time.now += action.quarters / 4;
  else if ('begin' in action) await begin(action.begin, run);
  else if (run.issued.length === 0) return;
  else if ('use' in action) await use(action.use, run);
  else if ('end' in action) await end(action.end, run);
  else await revoke(action.revoke, run);
}

async function begin({ sessionId, deviceId, key, ...identity }: Start, run: Run): Promise<void> {
  const { refreshToken, sessionId: actualSession } = await run.families.begin({
    ...{ ...identity, subjectAsserted: true, audience: AUDIENCE, scope: '' },
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(key === undefined ? {} : { sender: { jkt: key } }),
  });
  const start = { ...identity, sessionId, deviceId, key };
  run.issued.push({ ...start, token: refreshToken, actualSession });
  run.model.begin(start, run.time.now);
}

async function use({ back: distance, clientId: client, ...how }: Used, run: Run): Promise<void> {
  const [number, issued] = choose(distance, run);
  const { isPublic, session, device, key, scope } = how;
  const request = {
    clientId: client ?? issued.clientId,
    isPublic,
    sessionId: { own: issued.actualSession, wrong: 'another', none: undefined }[session],
    deviceId: { own: issued.deviceId, wrong: 'tablet', none: undefined }[device],
    requestedScope: scope,
    ...(key === undefined ? {} : { sender: { jkt: key } }),
  };
  const expected = run.model.use({ ...how, token: number, clientId: request.clientId }, run.time.now);
  const token = await unlessRefused(issued, run, (presented) => run.families.rotate(presented, request));
  const known = run.issued.findIndex((each) => each.token === token);

  expect(
    known < 0 ? { kind: token === undefined ? 'refused' : 'new' } : { kind: 'same', token: known },
  ).toEqual(expected);
  outcomes.add(expected.kind);
  if (token !== undefined && known < 0) run.issued.push({ ...issued, token });
}

async function end({ back: distance, clientId: client }: Ended, run: Run): Promise<void> {
  const [number, issued] = choose(distance, run);
  const isAllowed = run.model.end(number, client, run.time.now);
  const isDone = await unlessRefused(issued, run, async (presented) => {
    await run.families.end(presented, { clientId: client });
    return true;
  });
  expect(isDone ?? false).toBe(isAllowed);
}

async function revoke({ back: distance, extent }: Revoked, run: Run): Promise<void> {
  const [number, { clientId: client, subject, actualSession }] = choose(distance, run);
  const targets: Readonly<Record<Extent, Revocable>> = {
    session: { kind: 'session', clientId: client, sessionId: actualSession },
    subject: { kind: 'subject', clientId: client, subject },
    api_key: { kind: 'api_key', clientId: client },
  };
  await run.revocations.revoke(targets[extent]);
  run.model.revoke(number, extent, run.time.now);
}

function choose(distance: number, { issued }: Run): readonly [number, Issued] {
  const number = Math.max(0, issued.length - 1 - distance);
  const chosen = issued[number];
  if (chosen === undefined) throw new Error('Nothing was issued');
  return [number, chosen];
}

/** `undefined` where the token is refused. Anything else that is thrown fails the test. */
async function unlessRefused<Result>(
  { token }: Issued,
  run: Run,
  act: (presented: PresentedToken) => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await act(await run.codec.open(token, run.time.now));
  } catch (error) {
    if (error instanceof InvalidGrantError) return undefined;
    throw error;
  }
}

/** The numbers of the tokens that are live. */
async function findLive(run: Run): Promise<readonly number[]> {
  const found = await Promise.all(
    run.issued.map((issued) => unlessRefused(issued, run, (presented) => run.families.inspect(presented))),
  );
  return found.flatMap((family, number) => (family === undefined ? [] : [number]));
}

const outcomes = new Set<string>();

describe('random sequences of begin, use, reuse, end and revoke', () => {
  test('match the model, and each family has at most one live token', async () => {
    const codec = refreshTokenCodec(internalsOf(await createRing()), ISSUER);
    await fc.assert(
      fc.asyncProperty(fc.array(actions, { minLength: 1, maxLength: 40 }), async (script) => {
        const run = startRun(codec);
        for (const action of script) {
          await perform(action, run);
          expect(await findLive(run)).toEqual(
            [...run.model.live(run.time.now)].sort((one, other) => one - other),
          );
        }
      }),
      { seed: 71_004, numRuns: 400 },
    );
    expect([...outcomes].sort()).toEqual(['new', 'refused', 'same']);
  });
});
