import { type Clock, systemClock } from '../clock.js';
import { TemporarilyUnavailableError } from '../errors.js';
import { assertMethod, assertOptions, type KnownOptions } from '../options.js';
import type { AuditEvent, AuditRecord } from './events.js';

/** Where audit records go. A sink that throws or rejects has not recorded the event. */
export interface AuditSink {
  write(record: AuditRecord): void | Promise<void>;
}

export interface AuditTrailOptions {
  /** Every record goes to each of them. */
  readonly sinks: readonly AuditSink[];
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** Told of every sink that failed. Default: `process.emitWarning`, without the event. */
  readonly onSinkError?: (error: unknown) => void;
}

export interface AuditTrail {
  /** False when nothing listens, so that callers can spare themselves the work. */
  readonly enabled: boolean;
  /**
   * Resolves when every sink has the event. A sink that fails is reported to `onSinkError`; only where the
   * event is an issued token does it also reject, with `TemporarilyUnavailableError`: a token that is not on
   * record is not handed out, while an answer that is already decided is not turned into another one.
   */
  record(event: AuditEvent): Promise<void>;
}

/** An audit trail that records nothing: the default of every option named `audit`. */
export const noAuditTrail: AuditTrail = { enabled: false, record: async () => {} };

const KNOWN: KnownOptions<AuditTrailOptions> = { sinks: true, clock: true, onSinkError: true };

/** @throws TypeError for a sink that cannot write, or an option that is unknown. */
export function createAuditTrail(options: AuditTrailOptions): AuditTrail {
  assertOptions(options, KNOWN, 'createAuditTrail');
  if (!Array.isArray(options.sinks)) throw new TypeError('sinks must be an array');
  for (const sink of options.sinks) assertMethod(sink, 'write', 'A sink needs a method write(record)');
  const { sinks, clock = systemClock, onSinkError = warnOfSinkError } = options;

  /** Whoever is told of a fault must not cause another one. */
  const report = (error: unknown): void => {
    try {
      onSinkError(error);
    } catch (fault) {
      warnOfSinkError(fault);
    }
  };

  return {
    enabled: sinks.length > 0,
    async record(event) {
      const time = new Date(Math.floor(clock()) * 1000).toISOString().replace('.000', '');
      const record: AuditRecord = Object.freeze({ ...event, time });
      const outcomes = await Promise.allSettled(sinks.map(async (sink) => sink.write(record)));
      const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
      for (const failure of failures) report(failure.reason);
      const [first] = failures;
      if (first !== undefined && event.type === 'token.issued') {
        throw new TemporarilyUnavailableError({ cause: first.reason });
      }
    },
  };
}

/** @throws TypeError for what is no audit trail. */
export function assertAuditTrail(audit: AuditTrail): void {
  assertMethod(audit, 'record', 'audit must be an AuditTrail: createAuditTrail({ sinks })');
}

function warnOfSinkError(error: unknown): void {
  const name = error instanceof Error ? error.name : typeof error;
  process.emitWarning(`An audit sink failed (${name}); events are missing from its record`, {
    code: 'PASSPORT_JWE_AUDIT_SINK',
  });
}
