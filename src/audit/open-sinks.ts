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

/** Options of `createAuditTrail()`. */
export interface AuditTrailOptions {
  /**
   * Optional sinks, which receive every record except `token.intended`. Token issuance does not wait for them, and
   * their failures do not affect it.
   *
   * @default none
   */
  readonly sinks?: readonly AuditSink[];
  /**
   * Required sinks. A token is created only after each of them has accepted `token.intended`. It is sent only after
   * each has accepted `token.issued`.
   *
   * @default none
   */
  readonly required?: readonly AuditSink[];
  /**
   * Timeout of required sinks and of `flush()`, in milliseconds.
   *
   * @default 5000
   */
  readonly timeoutMs?: number;
  /**
   * Maximum number of pending records per sink. Further records fail without reaching the sink.
   *
   * @default 10_000
   */
  readonly maxWaiting?: number;
  /**
   * Clock for the `time` of audit events.
   *
   * @default the system time
   */
  readonly clock?: Clock;
  /**
   * Called for each record that a sink did not accept.
   *
   * @default process.emitWarning, without the event
   */
  readonly onSinkError?: (error: unknown) => void;
}

const KNOWN: KnownOptions<AuditTrailOptions> = {
  ...{ sinks: true, required: true, timeoutMs: true, maxWaiting: true, clock: true, onSinkError: true },
};

/** Range of timeouts in Node.js, which also bounds `maxWaiting`. */
const BOUND: NumberRange = { isInteger: true, from: 1, to: 2 ** 31 - 1 };

/** Bounded sinks, and the clock for their records. */
export interface OpenSinks {
  readonly sinks: readonly BoundSink[];
  readonly required: readonly BoundSink[];
  readonly clock: Clock;
}

/**
 * Validate the options of `createAuditTrail()` and bound the sinks.
 *
 * @throws TypeError if an option is unknown or malformed
 */
export function openSinks(options: AuditTrailOptions): OpenSinks {
  assertOptions(options, KNOWN, 'createAuditTrail');
  const {
    timeoutMs = 5000,
    maxWaiting = 10_000,
    clock = systemClock,
    onSinkError = warnOfSinkError,
  } = options;
  if (options.sinks === undefined && options.required === undefined) {
    throw new TypeError(
      'createAuditTrail: sinks or required is required: pass one or both, for example { sinks: [pinoSink(pino())] }',
    );
  }
  assertNumber(timeoutMs, 'createAuditTrail', 'timeoutMs', { ...BOUND, example: 5000 });
  assertNumber(maxWaiting, 'createAuditTrail', 'maxWaiting', { ...BOUND, example: 10_000 });
  const bounds = { timeoutMs, maxWaiting, report: reportTo(onSinkError) };
  const open = (sinks: readonly AuditSink[] = [], name: string) => {
    if (!Array.isArray(sinks))
      throw new TypeError(
        `createAuditTrail: ${name} must be an array of sinks, for example [pinoSink(pino())]`,
      );
    for (const [index, sink] of sinks.entries())
      assertMethod(
        sink,
        'write',
        `createAuditTrail: ${name}[${index}] must be an object with a method write(record), for example pinoSink(pino())`,
      );
    return sinks.map((sink) => boundSink(sink, bounds));
  };
  return { sinks: open(options.sinks, 'sinks'), required: open(options.required, 'required'), clock };
}

/** Create a reporter that calls `onSinkError`. If `onSinkError` throws, a process warning is emitted. */
function reportTo(onSinkError: (error: unknown) => void) {
  return (error: unknown): void => callIsolated(() => onSinkError(error), warnOfSinkError);
}

function warnOfSinkError(error: unknown): void {
  const name = error instanceof Error ? error.name : typeof error;
  process.emitWarning(
    `An audit sink failed (${name}), so its audit log is incomplete: pass onSinkError to receive the error`,
    {
      code: 'PASSPORT_JWE_AUDIT_SINK',
    },
  );
}
