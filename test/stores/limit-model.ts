import type { AdmissionStep, Rate } from '../../src/stores/limit-store.js';

/** What the stores of limits are held against: token buckets that are filled up at every look, in whole milliseconds. */
export interface LimitModel {
  admit(step: AdmissionStep, nowMs: number): 'admitted' | 'refused';
  settle(step: AdmissionStep, used: Readonly<Record<string, number>>, nowMs: number): boolean;
  renew(step: AdmissionStep, nowMs: number): boolean;
}

/** What a rate holds, counted in the milliseconds that it took to come in: a full one holds its whole window. */
interface Tank {
  holdsMs: number;
  seenMs: number;
}

export function limitModel(): LimitModel {
  const tanks = new Map<string, Tank>();
  const leases = new Map<string, Map<string, number>>();
  const unsettled = new Set<string>();

  const tankOf = (bucket: string, { name, windowSeconds }: Rate, nowMs: number): Tank => {
    const key = `${bucket} ${name}`;
    const windowMs = windowSeconds * 1000;
    const tank = tanks.get(key) ?? { holdsMs: windowMs, seenMs: nowMs };
    tank.holdsMs = Math.min(windowMs, tank.holdsMs + nowMs - tank.seenMs);
    tank.seenMs = nowMs;
    tanks.set(key, tank);
    return tank;
  };
  const leasesOf = (bucket: string): Map<string, number> => {
    const running = leases.get(bucket) ?? new Map<string, number>();
    leases.set(bucket, running);
    return running;
  };
  const worthMs = ({ windowSeconds, quota }: Rate, units: number): number =>
    (units * windowSeconds * 1000) / quota;

  return {
    admit({ id, buckets, leaseSeconds }, nowMs) {
      const isFree = buckets.every(({ name, concurrency = Number.POSITIVE_INFINITY }) => {
        const running = [...leasesOf(name).values()].filter((end) => end > nowMs);
        return running.length < concurrency;
      });
      const isPayable = buckets.every(({ name, rates }) =>
        rates.every((rate) => tankOf(name, rate, nowMs).holdsMs >= worthMs(rate, rate.cost)),
      );
      if (!isFree || !isPayable) return 'refused';
      for (const { name, rates } of buckets) {
        for (const rate of rates) tankOf(name, rate, nowMs).holdsMs -= worthMs(rate, rate.cost);
        leasesOf(name).set(id, nowMs + leaseSeconds * 1000);
      }
      unsettled.add(id);
      return 'admitted';
    },
    settle({ id, buckets }, used, nowMs) {
      if (!unsettled.delete(id)) return false;
      for (const { name, rates } of buckets) {
        leasesOf(name).delete(id);
        for (const rate of rates) {
          const units = used[rate.name];
          if (units !== undefined) tankOf(name, rate, nowMs).holdsMs += worthMs(rate, rate.cost - units);
        }
      }
      return true;
    },
    renew({ id, buckets, leaseSeconds }, nowMs) {
      const runs = buckets.every(({ name }) => (leasesOf(name).get(id) ?? 0) > nowMs);
      if (!unsettled.has(id) || !runs) return false;
      for (const { name } of buckets) leasesOf(name).set(id, nowMs + leaseSeconds * 1000);
      return true;
    },
  };
}
