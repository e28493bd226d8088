import type { Clock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { assertMethod } from '../base/options.js';
import { aggregateRefusals, isUnboundedRefusal, type RefusalAggregation } from './aggregate-refusals.js';
import type { BoundSink, Delivery } from './bound-sink.js';
import type { AuditEvent, AuditRecord } from './events.js';
import { type AuditTrailOptions, type OpenSinks, openSinks } from './open-sinks.js';

export type { AuditSink } from './bound-sink.js';
export type { AuditTrailOptions } from './open-sinks.js';

export interface AuditTrail {
  /** False when nothing listens, so that callers can spare themselves the work. */
  readonly enabled: boolean;
  /**
   * Puts an event on record. Only `token.intended` and `token.issued` reject, with `TemporarilyUnavailableError`, where a
   * required sink does not have them: a token that is not on record is not handed out, while an answer that is already
   * decided is not turned into another one. These two and `revocation.added` resolve when the required sinks have
   * answered, or their time is over; all others at once.
   */
  record(event: AuditEvent): Promise<void>;
  /**
   * Has a flush begin with what is counted elsewhere and not on record yet; the trail keeps the function for good.
   * @param takeCounted yields the events, each of which is no longer counted then.
   */
  onFlush?(takeCounted: () => Iterable<AuditEvent>): void;
}

/** The trail of a program, to be flushed in its end. */
export interface OpenAuditTrail extends AuditTrail {
  /**
   * Records what is counted and not on record yet, and resolves when every sink has all that it was given, or the time
   * for that is over. Whoever closes sinks does so afterwards.
   */
  flush(): Promise<void>;
}

/** How many records a flush hands over at a time. */
const PORTION = 100;

/** An audit trail that records nothing: the default of every option named `audit`. */
export const noAuditTrail: AuditTrail = { enabled: false, record: async () => {} };

/** @throws TypeError for a sink that cannot write, a bound that makes no sense, or an option that is unknown. */
export function createAuditTrail(options: AuditTrailOptions): OpenAuditTrail {
  const { sinks, required, clock } = openSinks(options);
  const all = [...sinks, ...required];
  if (all.length === 0) return { ...noAuditTrail, flush: async () => {} };
  const refusals = countRefusals(all, clock);
  const counters: (() => Iterable<AuditEvent>)[] = [];

  return {
    enabled: true,
    async record(event) {
      if (isUnboundedRefusal(event)) return refusals.add(event);
      return write(stamp(event, clock), { sinks, required });
    },
    onFlush: (takeCounted) => void counters.push(takeCounted),
    async flush() {
      refusals.flush();
      for (const takeCounted of counters) await deliverInPortions(takeCounted(), { sinks: all, clock });
      await settleAll(all);
    },
  };
}

/** @throws TypeError for what is no audit trail. */
export function assertAuditTrail(audit: AuditTrail): void {
  assertMethod(audit, 'record', 'audit must be an AuditTrail: createAuditTrail({ sinks })');
}

/** Others than those that are required are told of a token only when it is sure to be handed out. */
async function write(record: AuditRecord, { sinks, required }: Omit<OpenSinks, 'clock'>): Promise<void> {
  if (required.length === 0) {
    if (record.type !== 'token.intended') deliver(record, sinks);
    return;
  }
  const deliverInTime = () => Promise.all(required.map((sink) => sink.deliverInTime(record)));
  switch (record.type) {
    case 'token.intended':
      return assertDelivered(await deliverInTime());
    case 'token.issued':
      assertDelivered(await deliverInTime());
      return deliver(record, sinks);
    case 'revocation.added':
      deliver(record, sinks);
      await deliverInTime();
      return;
    default:
      deliver(record, [...sinks, ...required]);
  }
}

function countRefusals(sinks: readonly BoundSink[], clock: Clock): RefusalAggregation {
  const counters = sinks.filter(({ unaggregated }) => unaggregated);
  const keepers = sinks.filter(({ unaggregated }) => !unaggregated);
  const counted = aggregateRefusals((refusal) => deliver(stamp(refusal, clock), keepers), clock);
  return {
    add(refusal) {
      deliver(stamp(refusal, clock), counters);
      counted.add(refusal);
    },
    flush: counted.flush,
  };
}

function deliver(record: AuditRecord, sinks: readonly BoundSink[]): void {
  for (const sink of sinks) sink.deliver(record);
}

/** A sink that keeps up is not owed more than a portion at a time, so that it has all of them. */
async function deliverInPortions(
  events: Iterable<AuditEvent>,
  { sinks, clock }: Pick<OpenSinks, 'sinks' | 'clock'>,
): Promise<void> {
  let delivered = 0;
  let keepUp = true;
  for (const event of events) {
    deliver(stamp(event, clock), sinks);
    delivered += 1;
    if (keepUp && delivered % PORTION === 0) keepUp = await settleAll(sinks);
  }
}

async function settleAll(sinks: readonly BoundSink[]): Promise<boolean> {
  const areSettled = await Promise.all(sinks.map((sink) => sink.settle()));
  return areSettled.every(Boolean);
}

function stamp(event: AuditEvent, clock: Clock): AuditRecord {
  const time = new Date(Math.floor(clock()) * 1000).toISOString().replace('.000', '');
  return Object.freeze({ ...event, time });
}

/** @throws TemporarilyUnavailableError where one of the sinks does not have the event. */
function assertDelivered(deliveries: readonly Delivery[]): void {
  const failed = deliveries.find((delivery) => delivery !== undefined);
  if (failed !== undefined) throw new TemporarilyUnavailableError({ cause: failed.failure });
}
