import { type Clock, forwardOnly } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { ExpiringMap } from '../../base/expiring-map.js';
import {
  type AdmissionStep,
  assertAdmissionStep,
  assertUsage,
  type Bucket,
  emissionIntervalMs,
  type LimitStore,
  memberSeconds,
  type Rate,
  type RateState,
  type Refusal,
  SETTLEMENT_SECONDS,
  TOLERANCE_MS,
} from '../limit-store.js';

/** Maximum number of buckets, and of reservations. A full store rejects admissions and evicts nothing. */
const MAX_BUCKETS = 1_000_000;

/** State of a bucket. The times in the maps are in milliseconds since 1970. */
interface BucketState {
  /** Time at which each rate is fully refilled, keyed by rate name. GCRA calls it the theoretical arrival time. */
  readonly spentUntil: Map<string, number>;
  /** End of each lease, keyed by admission ID. Expired leases stay until all slots are in use. */
  readonly leases: Map<string, number>;
  /** Expiry of the state, in seconds since 1970. */
  expiresAt: number;
}

/** Bucket of a step, and its state. */
interface AskedBucket {
  readonly bucket: Bucket;
  readonly state: BucketState;
}

/** Members of a group. */
interface Group {
  /** End of each membership in milliseconds since 1970, keyed by bucket name. Expired ones stay until the group is full. */
  readonly members: Map<string, number>;
  readonly expiresAt: number;
}

/** Marker of an unsettled admission. */
interface Reservation {
  readonly expiresAt: number;
}

/** Create a limit store in the memory of one process. A clock that is set back does not delay refills. */
export function memoryLimitStore(machineClock: Clock): LimitStore {
  const clock = forwardOnly(machineClock);
  /** Time of the current call in seconds since 1970. Each call reads the clock once. */
  let now = 0;
  const readClockMs = (): number => {
    now = clock();
    return now * 1000;
  };
  const buckets = new ExpiringMap<BucketState>(() => now);
  const groups = new ExpiringMap<Group>(() => now);
  const reservations = new ExpiringMap<Reservation>(() => now);

  const stateOf = (name: string): BucketState =>
    buckets.get(name) ?? { spentUntil: new Map(), leases: new Map(), expiresAt: 0 };
  const keep = (name: string, state: BucketState): void => {
    state.expiresAt = endOf(state);
    buckets.set(name, state);
  };

  return {
    async admit(step) {
      assertAdmissionStep(step);
      const nowMs = readClockMs();
      const asked = step.buckets.map((bucket): AskedBucket => ({ bucket, state: stateOf(bucket.name) }));
      const refusals = findRefusals(asked, groups, nowMs);
      if (refusals.length > 0) return { kind: 'refused', refusals, states: describeRates(asked, nowMs) };
      if (Math.max(buckets.size, reservations.size) >= MAX_BUCKETS) throw full();
      for (const { bucket, state } of asked) {
        spend(bucket, state, step, nowMs);
        keep(bucket.name, state);
        joinGroup(bucket, groups, nowMs);
      }
      reservations.set(step.id, { expiresAt: reservationEnd(step, nowMs) });
      return { kind: 'admitted', states: describeRates(asked, nowMs) };
    },

    async renew(step) {
      const nowMs = readClockMs();
      if (reservations.get(step.id) === undefined) return false;
      const held = step.buckets.filter(({ concurrency }) => concurrency !== undefined);
      if (!held.every(({ name }) => (stateOf(name).leases.get(step.id) ?? 0) > nowMs)) return false;
      for (const { name } of held) {
        const state = stateOf(name);
        state.leases.set(step.id, nowMs + step.leaseSeconds * 1000);
        keep(name, state);
      }
      reservations.set(step.id, { expiresAt: reservationEnd(step, nowMs) });
      return true;
    },

    async settle(step, used) {
      assertUsage(used);
      const nowMs = readClockMs();
      if (!reservations.delete(step.id)) return false;
      for (const bucket of step.buckets) {
        const state = stateOf(bucket.name);
        state.leases.delete(step.id);
        for (const rate of bucket.rates) correct(state, rate, { used: used[rate.name], nowMs });
        keep(bucket.name, state);
      }
      return true;
    },
  };
}

function findRefusals(
  asked: readonly AskedBucket[],
  groups: ExpiringMap<Group>,
  nowMs: number,
): readonly Refusal[] {
  const refusals: Refusal[] = [];
  for (const { bucket, state } of asked) {
    const { name } = bucket;
    for (const rate of bucket.rates) {
      const waitSeconds = waitMs(rate, state, nowMs) / 1000;
      if (waitSeconds > 0) refusals.push({ bucket: name, limit: rate.name, kind: 'rate', waitSeconds });
    }
    if (isFull(bucket, state, nowMs)) {
      refusals.push({ bucket: name, limit: 'concurrency', kind: 'concurrency', waitSeconds: 1 });
    }
    const freeAt = groupFreeAt(bucket, groups, nowMs);
    if (freeAt !== undefined) {
      refusals.push({ bucket: name, limit: 'group', kind: 'group', waitSeconds: (freeAt - nowMs) / 1000 });
    }
  }
  return refusals;
}

/** Return the time until the rate can pay the cost, in milliseconds, or 0. */
function waitMs(rate: Rate, { spentUntil }: BucketState, nowMs: number): number {
  const wait = arrivalAfter(rate, spentUntil, nowMs) - nowMs - rate.windowSeconds * 1000;
  return wait <= TOLERANCE_MS ? 0 : wait;
}

/** Whether all slots are in use. Expired leases free theirs. */
function isFull({ concurrency }: Bucket, { leases }: BucketState, nowMs: number): boolean {
  if (concurrency === undefined || leases.size < concurrency) return false;
  removeExpired(leases, nowMs);
  return leases.size >= concurrency;
}

/** Return when a full group has a free place, in milliseconds since 1970, or `undefined` if the bucket has a place. */
function groupFreeAt({ name, group }: Bucket, groups: ExpiringMap<Group>, nowMs: number): number | undefined {
  if (group === undefined) return undefined;
  const members = groups.get(group.name)?.members;
  if (members === undefined || members.has(name) || members.size < group.maxMembers) return undefined;
  removeExpired(members, nowMs);
  return members.size < group.maxMembers ? undefined : earliest(members.values());
}

function joinGroup(bucket: Bucket, groups: ExpiringMap<Group>, nowMs: number): void {
  if (bucket.group === undefined) return;
  const { name } = bucket.group;
  const { members, expiresAt } = groups.get(name) ?? { members: new Map<string, number>(), expiresAt: 0 };
  const end = nowMs + memberSeconds(bucket) * 1000;
  members.set(bucket.name, end);
  groups.set(name, { members, expiresAt: Math.max(expiresAt, end / 1000) });
}

function removeExpired(ends: Map<string, number>, nowMs: number): void {
  for (const [name, end] of ends) if (end <= nowMs) ends.delete(name);
}

/** Return when the rate would be fully refilled if the cost were spent now, in milliseconds since 1970. */
function arrivalAfter(rate: Rate, spentUntil: ReadonlyMap<string, number>, nowMs: number): number {
  const begin = Math.max(spentUntil.get(rate.name) ?? 0, nowMs);
  return begin + emissionIntervalMs(rate) * Math.min(rate.cost, rate.quota);
}

function spend(
  bucket: Bucket,
  { spentUntil, leases }: BucketState,
  step: AdmissionStep,
  nowMs: number,
): void {
  for (const rate of bucket.rates) {
    if (rate.cost > 0) spentUntil.set(rate.name, arrivalAfter(rate, spentUntil, nowMs));
  }
  if (bucket.concurrency !== undefined) leases.set(step.id, nowMs + step.leaseSeconds * 1000);
}

/** Replace the reserved cost with the actual usage. New debt starts now, so earlier idle time does not reduce it. */
function correct(
  { spentUntil }: BucketState,
  rate: Rate,
  { used, nowMs }: { readonly used: number | undefined; readonly nowMs: number },
): void {
  if (used === undefined) return;
  const excess = used - Math.min(rate.cost, rate.quota);
  const before = Math.max(spentUntil.get(rate.name) ?? 0, excess > 0 ? nowMs : 0);
  spentUntil.set(rate.name, before + excess * emissionIntervalMs(rate));
}

function describeRates(asked: readonly AskedBucket[], nowMs: number): readonly RateState[] {
  const states: RateState[] = [];
  for (const { bucket, state } of asked) {
    for (const rate of bucket.rates) {
      const { name, quota, windowSeconds } = rate;
      const spentMs = Math.max(0, (state.spentUntil.get(name) ?? 0) - nowMs);
      const leftMs = windowSeconds * 1000 - spentMs + TOLERANCE_MS;
      const remaining = Math.floor(leftMs / emissionIntervalMs(rate)) + 0;
      states.push({ bucket: bucket.name, name, quota, windowSeconds, remaining });
    }
  }
  return states;
}

/** Return the expiry of a bucket state, in seconds since 1970. */
function endOf({ spentUntil, leases }: BucketState): number {
  let endMs = 0;
  for (const end of spentUntil.values()) endMs = Math.max(endMs, end);
  for (const end of leases.values()) endMs = Math.max(endMs, end);
  return endMs / 1000;
}

/** Return the earliest of at least one time. A spread argument would limit their number. */
function earliest(times: Iterable<number>): number {
  let first = Number.POSITIVE_INFINITY;
  for (const time of times) first = Math.min(first, time);
  return first;
}

function reservationEnd({ leaseSeconds }: AdmissionStep, nowMs: number): number {
  return nowMs / 1000 + leaseSeconds + SETTLEMENT_SECONDS;
}

function full(): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error(
      `The in-memory limit store is full (${MAX_BUCKETS} buckets or admissions): use Redis stores instead`,
    ),
  });
}
