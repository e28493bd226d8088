import { isThenable } from './is-thenable.js';

/**
 * Calls a function of the application without letting its failure reach the caller.
 * @param report receives what it threw, or what its promise rejected with.
 */
export function callIsolated(callback: () => unknown, report: (fault: unknown) => void): void {
  try {
    const answer = callback();
    if (isThenable(answer)) Promise.resolve(answer).catch(report);
  } catch (fault) {
    report(fault);
  }
}
