import type { DrillContext } from './drill.js';
import type { LoadReport, TokenReport } from './load.js';
import { type CutOff, PROBE_INTERVAL_MS } from './watch-cut-off.js';

type Recorder = Pick<DrillContext, 'check' | 'measure'>;

/** Maximum time between the change of the operator and the last accepted request, in milliseconds. */
export const CUT_OFF_MS = 1000;

/** Times of a change in milliseconds since 1970. */
export interface ChangeTimes {
  /** Start of the operator's command. */
  readonly startedAt: number;
  /** Change of the file or the store by the command. */
  readonly changedAt: number;
  /**
   * Maximum time from the start of the command until the cut-off, in milliseconds.
   *
   * @default undefined (no maximum: starting the command line takes most of this time)
   */
  readonly afterCommandMs?: number;
}

/**
 * Records the time until all requests of an attacker are rejected. The number of accepted requests has the same bound, also
 * on a busy machine, which delays the attacker as well.
 */
export function checkCutOff(context: Recorder, cutOff: CutOff, change: ChangeTimes): void {
  const { startedAt, changedAt, afterCommandMs } = change;
  const { at, acceptedSince, acceptedLater, neverAccepted, unexpected } = cutOff;
  context.measure({
    ...{ name: 'accepted requests after the change', value: acceptedSince(changedAt), unit: '' },
    atMost: CUT_OFF_MS / PROBE_INTERVAL_MS,
  });
  context.measure({
    ...{ name: 'cut-off after the change', value: Math.max(0, at - changedAt), unit: 'ms' },
    ...{ atMost: CUT_OFF_MS, needsQuietMachine: true },
  });
  context.measure({
    ...{ name: 'cut-off after the command', value: at - startedAt, unit: 'ms' },
    ...(afterCommandMs !== undefined && { atMost: afterCommandMs, needsQuietMachine: true }),
  });
  context.check('all requests of the attacker are rejected in the end', Number.isFinite(at));
  checkEmpty(context, 'the attacker is accepted before the change', neverAccepted);
  checkEmpty(context, 'the attacker is never accepted after a rejection', acceptedLater);
  checkEmpty(context, 'the attacker receives only 200, 400 and 401', unexpected);
}

/** Records the requests of honest clients, all of which must succeed. */
export function checkLoad(context: Recorder, { sent, failures }: LoadReport): void {
  context.measure({ name: 'requests of honest clients', value: sent, unit: '' });
  context.measure({ name: 'failed requests of honest clients', value: failures.length, unit: '', atMost: 0 });
  checkEmpty(context, 'all requests of honest clients succeed', failures);
}

/** Records the use of all tokens that were issued before and during a change. */
export function checkTokens(context: Recorder, { used, rejected }: TokenReport): void {
  context.measure({ name: 'uses of valid tokens after the change', value: used, unit: '' });
  context.measure({ name: 'rejected valid tokens', value: rejected.length, unit: '', atMost: 0 });
  checkEmpty(context, 'all valid tokens are accepted after the change', rejected);
}

function checkEmpty({ check }: Recorder, name: string, found: readonly string[]): void {
  check(name, found.length === 0, found.slice(0, 3).join('; '));
}
