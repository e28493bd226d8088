import { setTimeout as pause } from 'node:timers/promises';
import { type Finding, type HealthCheck, PASSED } from './finding.js';

/** Inspection of a dependency. */
export interface Inspection {
  /** Returns the result. A rejection is a bug. */
  inspect(): Promise<Finding>;
  readonly deadlineMs: number;
  /** Returns the result if the inspection exceeds the deadline. */
  overdue(): Finding;
}

/**
 * Creates a check that inspects a dependency in the background. After the deadline, the result is that of `overdue()`. The next
 * inspection starts only after the previous one has settled, so a slow dependency receives no additional load.
 */
export function refreshedCheck({ inspect, deadlineMs, overdue }: Inspection): HealthCheck {
  let finding = PASSED;
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    try {
      finding = await inspect();
    } finally {
      running = undefined;
    }
  };

  return {
    read: () => finding,
    async refresh() {
      running ??= run();
      const timer = new AbortController();
      const timeout = pause(deadlineMs, 'overdue', { signal: timer.signal, ref: false }).catch(
        () => undefined,
      );
      const outcome = await Promise.race([running, timeout]);
      timer.abort();
      if (outcome === 'overdue') finding = overdue();
    },
  };
}
