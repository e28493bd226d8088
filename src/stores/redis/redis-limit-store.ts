import {
  type AdmissionStep,
  assertAdmissionStep,
  assertUsage,
  type Bucket,
  emissionIntervalMs,
  type LimitStore,
  memberSeconds,
  type RateState,
  type Refusal,
} from '../limit-store.js';
import { ADMIT, EPOCH_MS, RENEW, SETTLE } from './limit-scripts.js';
import type { LuaScript } from './redis-connection.js';
import type { RecordSetting } from './redis-record.js';

/** Create a limit store that all instances share, timed by the clock of Redis. All keys are in one hash slot. */
export function redisLimitStore({ connection, prefix, clock }: RecordSetting): LimitStore {
  const keyOf = (kind: string, name: string): string => `${prefix}:{${prefix}-limits}:${kind}:${name}`;
  const run = (script: LuaScript, step: AdmissionStep, used: Readonly<Record<string, number>> = {}) => {
    const keys = step.buckets.flatMap(({ name, group }) => [
      keyOf('rates', name),
      keyOf('leases', name),
      keyOf('group', group?.name ?? ''),
    ]);
    const now = clock === undefined ? '' : clock() * 1000 - EPOCH_MS;
    return connection.run(script, [keyOf('reservation', step.id), ...keys], [now, encode(step, used)]);
  };

  return {
    async admit(step) {
      assertAdmissionStep(step);
      const answer = await run(ADMIT, step);
      const [refused, left] = Array.isArray(answer) ? answer : [];
      const states = readStates(step, left);
      const refusals = readRefusals(step, refused);
      return refusals.length === 0 ? { kind: 'admitted', states } : { kind: 'refused', refusals, states };
    },
    renew: async (step) => (await run(RENEW, step)) === 1,
    async settle(step, used) {
      assertUsage(used);
      return (await run(SETTLE, step, used)) === 1;
    },
  };
}

function encode(
  { id, leaseSeconds, buckets }: AdmissionStep,
  used: Readonly<Record<string, number>>,
): string {
  const described = buckets.map((bucket) => {
    const { name, rates, concurrency, group } = bucket;
    return {
      name,
      concurrency,
      maxMembers: group?.maxMembers,
      memberMs: memberSeconds(bucket) * 1000,
      rates: rates.map((rate) => ({
        name: rate.name,
        windowMs: rate.windowSeconds * 1000,
        intervalMs: emissionIntervalMs(rate),
        cost: Math.min(rate.cost, rate.quota),
      })),
    };
  });
  return JSON.stringify({ id, leaseMs: leaseSeconds * 1000, buckets: described, used });
}

function readStates({ buckets }: AdmissionStep, left: unknown): readonly RateState[] {
  const lists: readonly unknown[] = Array.isArray(left) ? left : [];
  return buckets.flatMap(({ name: bucket, rates }, index) => {
    const list: unknown = lists[index];
    return rates.map(({ name, quota, windowSeconds }, rate) => {
      const remaining = Array.isArray(list) ? Number(list[rate]) + 0 : 0;
      return { bucket, name, quota, windowSeconds, remaining };
    });
  });
}

function readRefusals({ buckets }: AdmissionStep, refused: unknown): readonly Refusal[] {
  const rows: readonly unknown[] = Array.isArray(refused) ? refused : [];
  return rows.flatMap((row) => {
    const [index, limit, kind, waitMs] = Array.isArray(row) ? row : [];
    const bucket: Bucket | undefined = buckets[Number(index) - 1];
    if (bucket === undefined || !isKind(kind)) return [];
    return [{ bucket: bucket.name, limit: String(limit), kind, waitSeconds: Number(waitMs) / 1000 }];
  });
}

function isKind(kind: unknown): kind is Refusal['kind'] {
  return kind === 'rate' || kind === 'concurrency' || kind === 'group';
}
