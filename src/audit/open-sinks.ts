import { callIsolated } from '../base/call-isolated.js';
import { type Clock, systemClock } from '../base/clock.js';
import {
  assertMethod,
  assertNumber,
  assertOptions,
  type KnownOptions,
  type NumberRange,
} from '../base/options.js';
import { type AuditSink, type BoundSink, boundSink } from './bound-sink.js';

export interface AuditTrailOptions {
  /** Every record goes to each of them; no issuance waits for one of them, or fails with it. Default: none. */
  readonly sinks?: readonly AuditSink[];
  /**
   * Further sinks, without which no token is issued: each has `token.intended` before a token is made, and
   * `token.issued` before it is handed out. Default: none.
   */
  readonly required?: readonly AuditSink[];
  /** How long a required sink may take in milliseconds; then it has failed. Default 5000. */
  readonly timeoutMs?: number;
  /** How many records may wait for a sink at once; further ones fail without reaching it. Default 10 000. */
  readonly maxWaiting?: number;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** Told of every record that a sink did not take. Default: `process.emitWarning`, without the event. */
  readonly onSinkError?: (error: unknown) => void;
}

const KNOWN: KnownOptions<AuditTrailOptions> = {
  ...{ sinks: true, required: true, timeoutMs: true, maxWaiting: true, clock: true, onSinkError: true },
};

/** Timers take no longer time. */
const BOUND: NumberRange = { isInteger: true, from: 1, to: 2 ** 31 - 1 };

/** Sinks that are ready to be written to, and the clock of their records. */
export interface OpenSinks {
  readonly sinks: readonly BoundSink[];
  readonly required: readonly BoundSink[];
  readonly clock: Clock;
}

/** @throws TypeError for an option that makes no sense. */
export function openSinks(options: AuditTrailOptions): OpenSinks {
  assertOptions(options, KNOWN, 'createAuditTrail');
  const {
    timeoutMs = 5000,
    maxWaiting = 10_000,
    clock = systemClock,
    onSinkError = warnOfSinkError,
  } = options;
  if (options.sinks === undefined && options.required === undefined) {
    throw new TypeError('createAuditTrail needs sinks, or required ones');
  }
  assertNumber(timeoutMs, 'createAuditTrail', 'timeoutMs', { ...BOUND, example: 5000 });
  assertNumber(maxWaiting, 'createAuditTrail', 'maxWaiting', { ...BOUND, example: 10_000 });
  const bounds = { timeoutMs, maxWaiting, report: reportTo(onSinkError) };
  const open = (sinks: readonly AuditSink[] = [], name: string) => {
    if (!Array.isArray(sinks)) throw new TypeError(`${name} must be an array`);
    for (const sink of sinks) assertMethod(sink, 'write', 'A sink needs a method write(record)');
    return sinks.map((sink) => boundSink(sink, bounds));
  };
  return { sinks: open(options.sinks, 'sinks'), required: open(options.required, 'required'), clock };
}

/** A failing error handler must not add a failure of its own. */
function reportTo(onSinkError: (error: unknown) => void) {
  return (error: unknown): void => callIsolated(() => onSinkError(error), warnOfSinkError);
}

function warnOfSinkError(error: unknown): void {
  const name = error instanceof Error ? error.name : typeof error;
  process.emitWarning(`An audit sink failed (${name}); events are missing from its record`, {
    code: 'PASSPORT_JWE_AUDIT_SINK',
  });
}
