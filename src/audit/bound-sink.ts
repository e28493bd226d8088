import { deadline } from '../base/deadline.js';
import { isThenable } from '../base/is-thenable.js';
import type { AuditRecord } from './events.js';

/** Where audit records go. A sink that throws or rejects has not recorded the event. */
export interface AuditSink {
  write(record: AuditRecord): void | Promise<void>;
  /**
   * Whether refusals that anybody can cause come one by one, and not as counts: for sinks that keep nothing, such as
   * metrics; of others a stranger fills the disk. Default false.
   */
  readonly unaggregated?: boolean;
}

/** What became of a record: why a sink does not have it, or nothing where it has. */
export type Delivery = { readonly failure: unknown } | undefined;

/** A sink that is never owed more than it may be, and whose failures are reported here. */
export interface BoundSink {
  readonly unaggregated: boolean;
  /** Hands over a record at once; never rejects. */
  deliver(record: AuditRecord): Promise<Delivery>;
  /** As `deliver`, but a sink that has not answered in time has failed, whatever it says later. */
  deliverInTime(record: AuditRecord): Promise<Delivery>;
  /** Resolves when every record that was handed over has been answered for, or with `false` when the time is over. */
  settle(): Promise<boolean>;
}

export interface SinkBounds {
  /** Records that a sink may owe an answer for; further ones do not reach it. */
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

  /** Only what is still under way counts: a sink that answers at once cannot fall behind. */
  const deliver = (record: AuditRecord): Promise<Delivery> => {
    if (waiting.size >= maxWaiting) {
      return Promise.resolve(fail(new Error(`The sink does not keep up: ${maxWaiting} records wait for it`)));
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
        fail(new Error(`The sink did not answer within ${timeoutMs} ms`)),
      ),
    settle: () =>
      deadline<boolean>(
        Promise.all(waiting).then(() => true),
        timeoutMs,
        () => false,
      ),
  };
}
