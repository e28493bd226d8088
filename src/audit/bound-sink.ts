import { deadline } from '../base/deadline.js';
import { isThenable } from '../base/is-thenable.js';
import type { AuditRecord } from './events.js';

/** Destination of audit records. If `write` throws or rejects, the record counts as not written. */
export interface AuditSink {
  write(record: AuditRecord): void | Promise<void>;
  /**
   * Whether the sink receives rejections that any client can cause one by one instead of as counts. Set it only for
   * sinks that store nothing, such as metrics: otherwise, an attacker can fill the disk.
   *
   * @default false
   */
  readonly unaggregated?: boolean;
}

/** Result of a delivery: the failure, or `undefined` if the sink took the record. */
export type Delivery = { readonly failure: unknown } | undefined;

/** A sink with a bounded number of pending records, which reports its failures. */
export interface BoundSink {
  readonly unaggregated: boolean;
  /** Passes a record to the sink immediately. Never rejects. */
  deliver(record: AuditRecord): Promise<Delivery>;
  /** Like `deliver`, but a sink that does not settle in time counts as failed, even if it succeeds later. */
  deliverInTime(record: AuditRecord): Promise<Delivery>;
  /** Resolves with `true` once all delivered records have settled, or with `false` after the timeout. */
  settle(): Promise<boolean>;
}

export interface SinkBounds {
  /** Maximum number of pending records. Further ones fail without reaching the sink. */
  readonly maxWaiting: number;
  readonly timeoutMs: number;
  readonly report: (failure: unknown) => void;
}

const RECORDED: Promise<Delivery> = Promise.resolve(undefined);

export function boundSink(sink: AuditSink, { maxWaiting, timeoutMs, report }: SinkBounds): BoundSink {
  const waiting = new Set<Promise<Delivery>>();

  const fail = (failure: unknown): Delivery => {
    report(failure);
    return { failure };
  };

  /** Only pending records count, so that a synchronous sink never exceeds the bound. */
  const deliver = (record: AuditRecord): Promise<Delivery> => {
    if (waiting.size >= maxWaiting) {
      return Promise.resolve(
        fail(new Error(`The audit sink does not keep up: ${maxWaiting} records are pending`)),
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
        fail(new Error(`The audit sink did not settle within ${timeoutMs} ms`)),
      ),
    settle: () =>
      deadline<boolean>(
        Promise.all(waiting).then(() => true),
        timeoutMs,
        () => false,
      ),
  };
}
