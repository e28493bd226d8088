import { isThenable } from './is-thenable.js';

/**
 * Calls an application callback without passing its failure on to the caller.
 *
 * @param report receives the error that the callback threw, or the reason with which its promise rejected.
 */
export function callIsolated(callback: () => unknown, report: (fault: unknown) => void): void {
  try {
    const answer = callback();
    if (isThenable(answer)) Promise.resolve(answer).catch(report);
  } catch (fault) {
    report(fault);
  }
}
