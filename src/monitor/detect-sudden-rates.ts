import { LRUCache } from 'lru-cache';
import type { AuditRecord } from '../audit/events.js';
import type { NumericDate } from '../base/clock.js';
import { countOf, type Detector, type DetectorParts, proofOf } from './detector.js';
import type { RateThreshold } from './suspicion-thresholds.js';

/** Approximate number of windows in the moving average. */
const MEMORY_WINDOWS = 12;

interface ClientRate {
  /** Index of the current window, counted from 1970. */
  window: number;
  count: number;
  /** Moving average of the counts in earlier windows. Idle windows are ignored. */
  average: number;
  windowsSeen: number;
}

/** Detect API keys whose rate of issued or accepted tokens is many times its moving average. */
export function detectSuddenRates({ threshold, maxTracked, raise }: DetectorParts<RateThreshold>): Detector {
  const { windowSeconds, warmUpWindows } = threshold;
  const rates = new LRUCache<string, ClientRate>({ max: maxTracked });

  const follow = (subject: string, now: NumericDate, count: number): ClientRate => {
    const window = Math.floor(now / windowSeconds);
    const rate = rates.get(subject) ?? { window, count: 0, average: 0, windowsSeen: 0 };
    if (window !== rate.window) closeWindow(rate, threshold);
    rate.window = window;
    rate.count += count;
    rates.set(subject, rate);
    return rate;
  };

  return {
    detect(record, now) {
      const use = useOf(record);
      if (use === undefined) return;
      const { of, clientId } = use;
      const proof = proofOf(use);
      const subject = JSON.stringify([of, clientId, proof]);
      const rate = follow(subject, now, countOf(record));
      const limit = limitOf(rate, threshold);
      if (rate.windowsSeen < warmUpWindows || rate.count < limit) return;
      const passed = { time: record.time, observed: rate.count, threshold: limit, windowSeconds };
      raise(subject, { kind: 'sudden_rate', clientId, of, average: rate.average, ...proof, ...passed });
    },
    get tracked() {
      return rates.size;
    },
  };
}

/**
 * Add the closed window to the average. Its count is capped at the alert limit, so an attack cannot raise the average
 * quickly.
 */
function closeWindow(rate: ClientRate, threshold: RateThreshold): void {
  const isWarm = rate.windowsSeen >= threshold.warmUpWindows;
  const count = isWarm ? Math.min(rate.count, limitOf(rate, threshold)) : rate.count;
  rate.windowsSeen += 1;
  rate.average += (count - rate.average) / Math.min(rate.windowsSeen, MEMORY_WINDOWS);
  rate.count = 0;
}

function limitOf({ average }: ClientRate, { factor, minCount }: RateThreshold): number {
  return Math.max(minCount, factor * average);
}

interface ClientUse {
  readonly of: 'issuance' | 'acceptance';
  readonly clientId: string;
  readonly proven?: true;
}

function useOf(record: AuditRecord): ClientUse | undefined {
  if (record.type === 'token.issued') return { of: 'issuance', clientId: record.clientId, proven: true };
  if (record.type !== 'token.accepted' || record.clientId === undefined) return undefined;
  // Clients of a trusted issuer are not API keys, even if the names are equal.
  if (record.issuer !== undefined) return undefined;
  return { of: 'acceptance', clientId: record.clientId, ...proofOf(record) };
}
