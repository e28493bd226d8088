import { LRUCache } from 'lru-cache';
import type { AuditRecord } from '../audit/events.js';
import type { AuditSink } from '../audit/record.js';
import { callIsolated } from '../base/call-isolated.js';
import type { NumericDate } from '../base/clock.js';
import { assertNumber, assertOptions, type KnownOptions } from '../base/options.js';
import { warnOfFailure } from '../base/warn-of-failure.js';
import { assertSuspicionAnswer, type SuspicionAnswer } from './answer-suspicion.js';
import { detectRefreshTokenReuse } from './detect-refresh-token-reuse.js';
import { detectRefusalsOfAddress, detectRefusalsOfClient } from './detect-refusals.js';
import { detectSharedTokens } from './detect-shared-tokens.js';
import { detectSuddenRates } from './detect-sudden-rates.js';
import { detectUseAfterRevocation } from './detect-use-after-revocation.js';
import type { Detector, DetectorParts } from './detector.js';
import { retryAnswers } from './retry-answers.js';
import {
  type ResolvedThresholds,
  resolveThresholds,
  type SuspicionThresholds,
} from './suspicion-thresholds.js';
import type { SuspicionKind, SuspiciousUse } from './suspicious-use.js';

/** Options of `createMonitor()`. */
export interface MonitorOptions {
  /**
   * Called for each alert, at most once per kind and subject within a window. It runs during the request that raised
   * the alert. The request does not wait for a returned promise.
   *
   * @default undefined (alerts are only counted)
   */
  readonly onSuspicion?: (alert: SuspiciousUse) => void | Promise<void>;
  /**
   * Automatic revocations. A failed revocation is retried for ten minutes with exponential backoff from 1 s to 32 s. At
   * most 1000 revocations are retried concurrently. A retry revokes all tokens issued up to the second in which it
   * succeeds.
   *
   * @default undefined (nothing is revoked)
   */
  readonly answer?: SuspicionAnswer;
  /**
   * Thresholds by kind of alert.
   *
   * @default the defaults in `SuspicionThresholds`
   */
  readonly thresholds?: SuspicionThresholds;
  /**
   * Maximum number of tokens, addresses, API keys or sessions that are tracked per kind of alert, 1 to 1_000_000. The
   * least recently seen entries are evicted.
   *
   * @default 10_000
   */
  readonly maxTracked?: number;
  /**
   * Called for failures of `onSuspicion`, of the monitor and of automatic revocations. For a revocation, it is called
   * on the first failure, and again if all retries fail.
   *
   * @default process.emitWarning, without the alert
   */
  readonly onError?: (error: unknown) => void;
}

/** Audit sink that detects suspicious use. It uses the time in the audit events, not the system time. */
export interface Monitor extends AuditSink {
  /** Examine an audit event. It never throws: failures are passed to `onError`, and the request continues. */
  write(record: AuditRecord): void;
  /** Return the number of alerts since the monitor was created, by kind. */
  counts(): Readonly<Record<SuspicionKind, number>>;
  /** Number of tracked tokens, addresses, API keys and sessions, across all kinds of alert. */
  readonly tracked: number;
}

const KNOWN: KnownOptions<MonitorOptions> = {
  onSuspicion: true,
  answer: true,
  thresholds: true,
  maxTracked: true,
  onError: true,
};

const MAX_TRACKED = 1_000_000;

const NO_ALERTS: Readonly<Record<SuspicionKind, number>> = {
  token_from_many_addresses: 0,
  token_from_many_user_agents: 0,
  refresh_token_reused: 0,
  refusals_of_client: 0,
  refusals_of_address: 0,
  use_after_revocation: 0,
  sudden_rate: 0,
};

/**
 * Create a monitor that detects suspicious use from the audit events of this process. Its memory is bounded by
 * `maxTracked`.
 *
 * @throws TypeError if an option is unknown or malformed
 *
 * @example
 * const monitor = createMonitor({ onSuspicion: (alert) => log.warn(alert, 'suspicious use') });
 * const audit = createAuditTrail({ sinks: [pinoSink(log), monitor] });
 */
export function createMonitor(options: MonitorOptions = {}): Monitor {
  assertOptions(options, KNOWN, 'createMonitor');
  const { onSuspicion = () => {}, answer, maxTracked = 10_000, onError = warnOfFault } = options;
  if (answer !== undefined) assertSuspicionAnswer(answer);
  assertNumber(maxTracked, 'createMonitor', 'maxTracked', { isInteger: true, from: 1, to: MAX_TRACKED });
  const counts = { ...NO_ALERTS };
  const isFirst = createAlertGate(maxTracked);
  const report = createReporter(onError);
  const makeAnswer = answer === undefined ? undefined : retryAnswers(answer, report);

  const raise = (subject: string, alert: SuspiciousUse): void => {
    const name = `${alert.kind} ${subject}`;
    if (!isFirst(name, alert)) return;
    counts[alert.kind] += 1;
    const shown = Object.freeze(alert);
    callIsolated(() => onSuspicion(shown), report);
    void makeAnswer?.(name, shown);
  };
  const detectors = createDetectors(resolveThresholds(options.thresholds), { maxTracked, raise });

  return Object.freeze({
    unaggregated: true,
    write(record: AuditRecord) {
      try {
        const now = Date.parse(record.time) / 1000;
        for (const detector of detectors) detector.detect(record, now);
      } catch (fault) {
        report(fault);
      }
    },
    counts: () => Object.freeze({ ...counts }),
    get tracked() {
      return detectors.reduce((sum, detector) => sum + detector.tracked, 0);
    },
  });
}

function createDetectors(
  thresholds: ResolvedThresholds,
  parts: Omit<DetectorParts<never>, 'threshold'>,
): readonly Detector[] {
  const start = <Threshold>(
    create: (parts: DetectorParts<Threshold>) => Detector,
    threshold: Threshold | undefined,
  ): readonly Detector[] => (threshold === undefined ? [] : [create({ ...parts, threshold })]);
  const { token_from_many_addresses: addresses, token_from_many_user_agents: agents } = thresholds;
  const sharing = addresses ?? agents;

  return [
    ...start(detectSharedTokens, sharing && { addresses, agents }),
    ...start(detectRefreshTokenReuse, thresholds.refresh_token_reused),
    ...start(detectRefusalsOfClient, thresholds.refusals_of_client),
    ...start(detectRefusalsOfAddress, thresholds.refusals_of_address),
    ...start(detectUseAfterRevocation, thresholds.use_after_revocation),
    ...start(detectSuddenRates, thresholds.sudden_rate),
  ];
}

/** Create a filter that accepts one alert per kind and subject within a window. */
function createAlertGate(maxTracked: number): (name: string, alert: SuspiciousUse) => boolean {
  const raisedAt = new LRUCache<string, NumericDate>({ max: maxTracked });
  return (name, { time, windowSeconds }) => {
    const now = Date.parse(time) / 1000;
    const last = raisedAt.get(name);
    // A clock that was set back must not suppress later alerts.
    if (last !== undefined && Math.abs(now - last) < windowSeconds) return false;
    raisedAt.set(name, now);
    return true;
  };
}

/** Create a reporter that calls `onError`. If `onError` fails, a process warning is emitted. */
function createReporter(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => callIsolated(() => onError(error), warnOfFault);
}

const warnOfFault = warnOfFailure(
  'createMonitor: a detector, onSuspicion or a revocation failed: pass onError to receive the error',
  'PASSPORT_JWE_MONITOR',
);
