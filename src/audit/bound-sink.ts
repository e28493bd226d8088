import { deadline } from '../base/deadline.js';
import { isThenable } from '../base/is-thenable.js';
import type { AuditRecord } from './events.js';

/** Destination for audit records. */
export interface AuditSink {
  /** Write a record. If the method throws or rejects, the record counts as not written. */
  write(record: AuditRecord): void | Promise<void>;
  /**
   * Whether the sink receives every rejection that any client can cause, instead of aggregated counts. Set it only for
   * sinks that store nothing, such as metrics. Otherwise, an attacker can fill the disk.
   *
   * @default false
   */
  readonly unaggregated?: boolean;
}

/** Result of a delivery: the failure, or `undefined` if the sink accepted the record. */
export type Delivery = { readonly failure: unknown } | undefined;

/** Sink with a bounded number of pending records. It reports its failures. */
export interface BoundSink {
  readonly unaggregated: boolean;
  /** Pass a record to the sink immediately. Never rejects. */
  deliver(record: AuditRecord): Promise<Delivery>;
  /** Pass a record to the sink like `deliver`, with a timeout. A record that is written later counts as failed. */
  deliverInTime(record: AuditRecord): Promise<Delivery>;
  /** Wait until all delivered records have settled. Resolve with `false` after the timeout, otherwise with `true`. */
  settle(): Promise<boolean>;
}

export interface SinkBounds {
  /** Maximum number of pending records. Further records fail without reaching the sink. */
  readonly maxWaiting: number;
  readonly timeoutMs: number;
  readonly report: (failure: unknown) => void;
}

const RECORDED: Promise<Delivery> = Promise.resolve(undefined);

/** Wrap a sink so that its pending records are bounded and its failures are reported. */
export function boundSink(sink: AuditSink, { maxWaiting, timeoutMs, report }: SinkBounds): BoundSink {
  const waiting = new Set<Promise<Delivery>>();

  const fail = (failure: unknown): Delivery => {
    report(failure);
    return { failure };
  };

  /** Pass a record to the sink. Only pending records count, so a synchronous sink never exceeds the maximum. */
  const deliver = (record: AuditRecord): Promise<Delivery> => {
    if (waiting.size >= maxWaiting) {
      return Promise.resolve(
        fail(
          new Error(
            `The queue of an audit sink is full (${maxWaiting} records): use a faster sink, or raise maxWaiting`,
          ),
        ),
      );
    }
    try {
      const answer: unknown = sink.write(record);
      return isThenable(answer) ? waitFor(answer) : RECORDED;
    } catch (failure) {
      return Promise.resolve(fail(failure));
    }
  };

  const waitFor = (answer: PromiseLike<unknown>): Promise<Delivery> => {
    const delivery = Promise.resolve(answer)
      .then(() => undefined, fail)
      .finally(() => waiting.delete(delivery));
    waiting.add(delivery);
    return delivery;
  };

  return {
    unaggregated: sink.unaggregated === true,
    deliver,
    deliverInTime: (record) =>
      deadline(deliver(record), timeoutMs, () =>
        fail(
          new Error(
            `An audit sink did not settle within ${timeoutMs} ms: check the sink, or raise timeoutMs`,
          ),
        ),
      ),
    settle: () =>
      deadline<boolean>(
        Promise.all(waiting).then(() => true),
        timeoutMs,
        () => false,
      ),
  };
}
