import { PassportJweError } from '../base/errors.js';

/** A fault of a configuration file: its position (1-based) and the expected value. It never holds the actual value. */
export interface ConfigurationProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Path in the document, such as `models[0].endpoint`. Empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

/** Invalid configuration files. `problems` lists all faults of all files. */
export class ConfigurationError extends PassportJweError {
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    super({
      code: 'ERR_CONFIGURATION',
      error: undefined,
      status: 500,
      description: problems.map(formatProblem).join('\n'),
    });
    this.problems = Object.freeze([...problems]);
  }
}

/** Formats a problem as compilers do: `file:line:column path: message`. */
export function formatProblem({ file, line, column, path, message }: ConfigurationProblem): string {
  return `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}: ${message}`;
}
