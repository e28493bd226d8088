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
  /**
   * Sinks that receive every record except `token.intended`. Issuance neither waits for them nor fails with them.
   *
   * @default none
   */
  readonly sinks?: readonly AuditSink[];
  /**
   * Required sinks: no token is issued unless each of them takes `token.intended` before the token is created, and
   * `token.issued` before it is sent.
   *
   * @default none
   */
  readonly required?: readonly AuditSink[];
  /**
   * Timeout of required sinks, and of `flush()`, in milliseconds.
   *
   * @default 5000
   */
  readonly timeoutMs?: number;
  /**
   * Maximum number of pending records per sink. Further ones fail without reaching it.
   *
   * @default 10 000
   */
  readonly maxWaiting?: number;
  /**
   * Clock of the audit trail.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
  /**
   * Called for each record that a sink did not take.
   *
   * @default `process.emitWarning`, without the event
   */
  readonly onSinkError?: (error: unknown) => void;
}

const KNOWN: KnownOptions<AuditTrailOptions> = {
  ...{ sinks: true, required: true, timeoutMs: true, maxWaiting: true, clock: true, onSinkError: true },
};

/** Upper bound of timers in Node. */
const BOUND: NumberRange = { isInteger: true, from: 1, to: 2 ** 31 - 1 };

/** The bounded sinks, and the clock of their records. */
export interface OpenSinks {
  readonly sinks: readonly BoundSink[];
  readonly required: readonly BoundSink[];
  readonly clock: Clock;
}

/** @throws TypeError if an option is unknown or invalid. */
export function openSinks(options: AuditTrailOptions): OpenSinks {
  assertOptions(options, KNOWN, 'createAuditTrail');
  const {
    timeoutMs = 5000,
    maxWaiting = 10_000,
    clock = systemClock,
    onSinkError = warnOfSinkError,
  } = options;
  if (options.sinks === undefined && options.required === undefined) {
    throw new TypeError('createAuditTrail: pass sinks, required, or both');
  }
  assertNumber(timeoutMs, 'createAuditTrail', 'timeoutMs', { ...BOUND, example: 5000 });
  assertNumber(maxWaiting, 'createAuditTrail', 'maxWaiting', { ...BOUND, example: 10_000 });
  const bounds = { timeoutMs, maxWaiting, report: reportTo(onSinkError) };
  const open = (sinks: readonly AuditSink[] = [], name: string) => {
    if (!Array.isArray(sinks)) throw new TypeError(`createAuditTrail: ${name} must be an array of sinks`);
    for (const sink of sinks)
      assertMethod(
        sink,
        'write',
        'createAuditTrail: each sink must be an object with a method write(record)',
      );
    return sinks.map((sink) => boundSink(sink, bounds));
  };
  return { sinks: open(options.sinks, 'sinks'), required: open(options.required, 'required'), clock };
}

/** If `onSinkError` itself throws, the process warns. */
function reportTo(onSinkError: (error: unknown) => void) {
  return (error: unknown): void => callIsolated(() => onSinkError(error), warnOfSinkError);
}

function warnOfSinkError(error: unknown): void {
  const name = error instanceof Error ? error.name : typeof error;
  process.emitWarning(`An audit sink failed (${name}): its audit log is incomplete`, {
    code: 'PASSPORT_JWE_AUDIT_SINK',
  });
}
