import type { Clock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { assertMethod } from '../base/options.js';
import { aggregateRefusals, isUnboundedRefusal, type RefusalAggregation } from './aggregate-refusals.js';
import type { BoundSink, Delivery } from './bound-sink.js';
import type { AuditEvent, AuditRecord } from './events.js';
import { type AuditTrailOptions, type OpenSinks, openSinks } from './open-sinks.js';

export type { AuditSink } from './bound-sink.js';
export type { AuditTrailOptions } from './open-sinks.js';

/** Audit trail, as functions with an `audit` option accept it. */
export interface AuditTrail {
  /** Whether the trail has sinks. If not, callers need not collect events. */
  readonly enabled: boolean;
  /**
   * Record an audit event. For `token.intended`, `token.issued` and `revocation.added`, the promise resolves when the
   * required sinks have settled or timed out. For all other events, it resolves immediately.
   *
   * @throws TemporarilyUnavailableError (as rejection) if a required sink does not accept `token.intended` or
   *   `token.issued`. The token is then not sent. Other events never reject, because the response is already
   *   determined.
   */
  record(event: AuditEvent): Promise<void>;
  /**
   * Register a source of pending counts. Each flush records these counts first. A source cannot be unregistered.
   *
   * @param takeCounted yields the events and resets their counts
   */
  onFlush?(takeCounted: () => Iterable<AuditEvent>): void;
}

/** Audit trail of a process. Flush it on shutdown. */
export interface OpenAuditTrail extends AuditTrail {
  /**
   * Record pending counts and wait until every sink has settled its records, but at most `timeoutMs`. Close the sinks
   * afterwards.
   */
  flush(): Promise<void>;
}

/** Number of records that a flush delivers concurrently. */
const PORTION = 100;

/** Audit trail that records nothing, the default of every `audit` option. */
export const noAuditTrail: AuditTrail = { enabled: false, record: async () => {} };

/**
 * Create an audit trail that sends audit events to sinks.
 *
 * @throws TypeError if an option is unknown or malformed, or a sink has no method `write`
 *
 * @example
 * const audit = createAuditTrail({ sinks: [pinoSink(pino())] });
 * const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' }, audit });
 */
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

/**
 * Assert that `audit` is an audit trail.
 *
 * @param where function that takes the option, for the error message
 * @throws TypeError if it has no method `record`
 */
export function assertAuditTrail(audit: AuditTrail, where: string): void {
  assertMethod(
    audit,
    'record',
    `${where}: audit must be an AuditTrail: pass the result of createAuditTrail({ sinks })`,
  );
}

/** Deliver a record. Optional sinks receive `token.issued` only after all required sinks have accepted it. */
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

/**
 * Deliver events and wait after each portion. The pending records of a sink that keeps up therefore never exceed its
 * maximum.
 */
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

/**
 * Assert that every sink accepted the record.
 *
 * @throws TemporarilyUnavailableError if a sink did not accept it
 */
function assertDelivered(deliveries: readonly Delivery[]): void {
  const failed = deliveries.find((delivery) => delivery !== undefined);
  if (failed !== undefined) throw new TemporarilyUnavailableError({ cause: failed.failure });
}
