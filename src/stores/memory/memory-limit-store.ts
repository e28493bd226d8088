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
  /** End of each lease, keyed by admission ID. */
  readonly leases: Map<string, number>;
  /** Expiry of the state, in seconds since 1970. */
  readonly expiresAt: number;
}

/** Members of a group. */
interface Group {
  /** End of each membership in milliseconds since 1970, keyed by bucket name. */
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
  const buckets = new ExpiringMap<BucketState>(clock);
  const groups = new ExpiringMap<Group>(clock);
  const reservations = new ExpiringMap<Reservation>(clock);

  const stateOf = (name: string): BucketState =>
    buckets.get(name) ?? { spentUntil: new Map(), leases: new Map(), expiresAt: 0 };

  return {
    async admit(step) {
      assertAdmissionStep(step);
      const nowMs = clock() * 1000;
      const refusals = step.buckets.flatMap((bucket) => [
        ...refuseRates(bucket, stateOf(bucket.name), nowMs),
        ...refuseConcurrency(bucket, stateOf(bucket.name), nowMs),
        ...refuseGroup(bucket, groups, nowMs),
      ]);
      const states = (): readonly RateState[] =>
        step.buckets.flatMap((bucket) => describeRates(bucket, stateOf(bucket.name), nowMs));
      if (refusals.length > 0) return { kind: 'refused', refusals, states: states() };
      if (Math.max(buckets.size, reservations.size) >= MAX_BUCKETS) throw full();
      for (const bucket of step.buckets) {
        buckets.set(bucket.name, spend(bucket, stateOf(bucket.name), step, nowMs));
        joinGroup(bucket, groups, nowMs);
      }
      reservations.set(step.id, { expiresAt: reservationEnd(step, nowMs) });
      return { kind: 'admitted', states: states() };
    },

    async renew(step) {
      const nowMs = clock() * 1000;
      if (reservations.get(step.id) === undefined) return false;
      const held = step.buckets.filter(({ concurrency }) => concurrency !== undefined);
      if (!held.every(({ name }) => (stateOf(name).leases.get(step.id) ?? 0) > nowMs)) return false;
      for (const { name } of held) {
        const state = stateOf(name);
        const end = nowMs + step.leaseSeconds * 1000;
        state.leases.set(step.id, end);
        buckets.set(name, { ...state, expiresAt: Math.max(state.expiresAt, end / 1000) });
      }
      reservations.set(step.id, { expiresAt: reservationEnd(step, nowMs) });
      return true;
    },

    async settle(step, used) {
      assertUsage(used);
      const nowMs = clock() * 1000;
      if (!reservations.delete(step.id)) return false;
      for (const bucket of step.buckets) {
        const state = stateOf(bucket.name);
        state.leases.delete(step.id);
        for (const rate of bucket.rates) correct(state, rate, { used: used[rate.name], nowMs });
        buckets.set(bucket.name, { ...state, expiresAt: endOf(state) });
      }
      return true;
    },
  };
}

function refuseRates(bucket: Bucket, { spentUntil }: BucketState, nowMs: number): readonly Refusal[] {
  return bucket.rates.flatMap((rate) => {
    const waitMs = arrivalAfter(rate, spentUntil, nowMs) - nowMs - rate.windowSeconds * 1000;
    if (waitMs <= TOLERANCE_MS) return [];
    return [{ bucket: bucket.name, limit: rate.name, kind: 'rate', waitSeconds: waitMs / 1000 }];
  });
}

function refuseConcurrency({ name, concurrency }: Bucket, { leases }: BucketState, nowMs: number) {
  for (const [id, end] of leases) if (end <= nowMs) leases.delete(id);
  const isFull = concurrency !== undefined && leases.size >= concurrency;
  const refusal: Refusal = { bucket: name, limit: 'concurrency', kind: 'concurrency', waitSeconds: 1 };
  return isFull ? [refusal] : [];
}

function refuseGroup({ name, group }: Bucket, groups: ExpiringMap<Group>, nowMs: number): readonly Refusal[] {
  if (group === undefined) return [];
  const members = groups.get(group.name)?.members ?? new Map<string, number>();
  for (const [member, end] of members) if (end <= nowMs) members.delete(member);
  if (members.has(name) || members.size < group.maxMembers) return [];
  const waitMs = Math.min(...members.values()) - nowMs;
  return [{ bucket: name, limit: 'group', kind: 'group', waitSeconds: waitMs / 1000 }];
}

function joinGroup(bucket: Bucket, groups: ExpiringMap<Group>, nowMs: number): void {
  if (bucket.group === undefined) return;
  const { name } = bucket.group;
  const members = groups.get(name)?.members ?? new Map<string, number>();
  members.set(bucket.name, nowMs + memberSeconds(bucket) * 1000);
  groups.set(name, { members, expiresAt: Math.max(...members.values()) / 1000 });
}

/** Return when the rate would be fully refilled if the cost were spent now, in milliseconds since 1970. */
function arrivalAfter(rate: Rate, spentUntil: ReadonlyMap<string, number>, nowMs: number): number {
  const begin = Math.max(spentUntil.get(rate.name) ?? 0, nowMs);
  return begin + emissionIntervalMs(rate) * Math.min(rate.cost, rate.quota);
}

function spend(bucket: Bucket, state: BucketState, step: AdmissionStep, nowMs: number): BucketState {
  for (const rate of bucket.rates) {
    if (rate.cost > 0) state.spentUntil.set(rate.name, arrivalAfter(rate, state.spentUntil, nowMs));
  }
  if (bucket.concurrency !== undefined) state.leases.set(step.id, nowMs + step.leaseSeconds * 1000);
  return { ...state, expiresAt: endOf(state) };
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

function describeRates(bucket: Bucket, { spentUntil }: BucketState, nowMs: number): readonly RateState[] {
  return bucket.rates.map(({ name, quota, windowSeconds }) => {
    const spentMs = Math.max(0, (spentUntil.get(name) ?? 0) - nowMs);
    const leftMs = windowSeconds * 1000 - spentMs + TOLERANCE_MS;
    const remaining = Math.floor(leftMs / emissionIntervalMs({ windowSeconds, quota })) + 0;
    return { bucket: bucket.name, name, quota, windowSeconds, remaining };
  });
}

/** Return the expiry of a bucket state, in seconds since 1970. */
function endOf({ spentUntil, leases }: BucketState): number {
  return Math.max(0, ...spentUntil.values(), ...leases.values()) / 1000;
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
