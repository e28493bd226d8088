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
   * Receives each alert, at most one per kind and subject within a window. It is called during the request that raised
   * the alert. The request does not wait for a returned promise.
   *
   * @default undefined (alerts are only counted)
   */
  readonly onSuspicion?: (alert: SuspiciousUse) => void | Promise<void>;
  /**
   * Automatic revocations. A failed one is retried with exponential backoff for ten minutes, with pauses from 1 s to 32
   * s. Up to 1000 are retried at a time. A retry revokes all that was issued up to the second in which it succeeds.
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
   * Maximum number of tokens, addresses, API keys or sessions that are tracked per kind of alert, up to 1_000_000. The
   * least recently seen are dropped.
   *
   * @default 10_000
   */
  readonly maxTracked?: number;
  /**
   * Receives failures of `onSuspicion`, of the monitor and of automatic revocations: once for the first failure of a
   * revocation, and once when its retries end without success.
   *
   * @default process.emitWarning, without the alert
   */
  readonly onError?: (error: unknown) => void;
}

/** An audit sink that detects suspicious use. It uses the time of the audit events. */
export interface Monitor extends AuditSink {
  /** Never throws: failures go to `onError`, and the request continues. */
  write(record: AuditRecord): void;
  /** Number of alerts since the monitor was created, by kind. */
  counts(): Readonly<Record<SuspicionKind, number>>;
  /** Number of tracked tokens, addresses, API keys and sessions, over all kinds. */
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
 * Creates a monitor that detects suspicious use from audit events, in this process and in bounded memory.
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

/** Passes one alert per kind and subject within a window. */
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

/** An error of `onError` itself is emitted as a warning. */
function createReporter(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => callIsolated(() => onError(error), warnOfFault);
}

const warnOfFault = warnOfFailure(
  'createMonitor: detection of suspicious use failed',
  'PASSPORT_JWE_MONITOR',
);
