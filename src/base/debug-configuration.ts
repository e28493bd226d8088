import { debugLog } from './debug-log.js';
import { formatDebugFacts } from './format-debug-facts.js';

/**
 * Prints one line with the effective options of a function, if debug lines are enabled.
 *
 * @param where the function that took the options.
 * @param describe returns the options. They must contain no secrets. Called only if the line is printed.
 */
export function debugConfiguration(where: string, describe: () => object): void {
  if (debugLog.enabled) debugLog('%s', `${where}() configured: ${formatDebugFacts(describe())}`);
}
