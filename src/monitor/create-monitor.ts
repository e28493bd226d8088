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

export interface MonitorOptions {
  /**
   * Told of each alert, once for each subject within a window. It runs within the request that raised it, which does
   * not wait for a promise. Default: alerts are only counted.
   */
  readonly onSuspicion?: (alert: SuspiciousUse) => void | Promise<void>;
  /**
   * What is revoked upon an alert. An answer that fails is tried again by this process for ten minutes, after a second
   * at first and every 32 seconds in the end, up to 1000 of them at a time; it then revokes what was issued up to the
   * second in which it succeeds. Default: nothing is revoked.
   */
  readonly answer?: SuspicionAnswer;
  /** From which numbers on it is suspicious, by kind of alert. Default: those of each kind. */
  readonly thresholds?: SuspicionThresholds;
  /**
   * How many tokens, addresses, API keys and sessions are kept at a time, of each kind, those that were seen last.
   * At most 1 000 000. Default 10 000.
   */
  readonly maxTracked?: number;
  /**
   * Told of what failed: the callback, the monitor, and an answer, once when it fails first and once when it is given
   * up. Default: `process.emitWarning`, without the alert.
   */
  readonly onError?: (error: unknown) => void;
}

/** A sink of the audit trail. Its time is that of the records, and so of the trail's clock. */
export interface Monitor extends AuditSink {
  /** Never throws: what fails goes to `onError`, and the request goes on. */
  write(record: AuditRecord): void;
  /** Alerts since it was created, by kind. */
  counts(): Readonly<Record<SuspicionKind, number>>;
  /** How many tokens, addresses, API keys and sessions are kept, over all kinds. */
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
 * Watches the audit trail for suspicious use, in this process and in bounded memory:
 * `createAuditTrail({ sinks: [pinoSink(log), createMonitor({ onSuspicion })] })`.
 * @throws TypeError for an option that is unknown or makes no sense.
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

/** Of one name, a kind and its subject, one alert within a window is enough. */
function createAlertGate(maxTracked: number): (name: string, alert: SuspiciousUse) => boolean {
  const raisedAt = new LRUCache<string, NumericDate>({ max: maxTracked });
  return (name, { time, windowSeconds }) => {
    const now = Date.parse(time) / 1000;
    const last = raisedAt.get(name);
    // A clock that was set back does not silence what comes after.
    if (last !== undefined && Math.abs(now - last) < windowSeconds) return false;
    raisedAt.set(name, now);
    return true;
  };
}

/** A failing error handler must not add a failure of its own. */
function createReporter(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => callIsolated(() => onError(error), warnOfFault);
}

const warnOfFault = warnOfFailure('The monitor of suspicious use failed', 'PASSPORT_JWE_MONITOR');
