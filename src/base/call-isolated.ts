import { isThenable } from './is-thenable.js';

/**
 * Call an application callback and report its failure instead of throwing.
 *
 * @param report called with the thrown error or the rejection reason.
 */
export function callIsolated(callback: () => unknown, report: (fault: unknown) => void): void {
  try {
    const answer = callback();
    if (isThenable(answer)) Promise.resolve(answer).catch(report);
  } catch (fault) {
    report(fault);
  }
}
