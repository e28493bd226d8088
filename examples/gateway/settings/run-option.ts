import { formatHelp, formatValues } from './describe-settings.js';
import { readSettings, type Variables } from './read-settings.js';
import { suggestNames } from './suggest-names.js';

/** Lines that a command-line option prints to standard output, and warnings for standard error. */
export interface OptionResult {
  readonly output: string;
  readonly warnings: readonly string[];
}

/**
 * Runs the command-line option of the gateway.
 *
 * @returns `undefined` without arguments, which start the gateway
 * @throws Error for unknown arguments, or that names all missing and malformed settings
 */
export function runOption(args: readonly string[], variables: Variables): OptionResult | undefined {
  const [option, ...others] = args;
  if (option === undefined) return undefined;
  if (others.length === 0) {
    const warnings = suggestNames(variables);
    if (option === '--help') return { output: formatHelp(), warnings: [] };
    if (option === '--print-config') return { output: formatValues(variables), warnings };
    if (option === '--check-config') {
      readSettings(variables);
      return { output: 'The settings are valid.', warnings };
    }
  }
  throw new Error('The arguments are not known: use --help, --print-config or --check-config');
}
