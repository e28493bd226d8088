import { PassportJweError } from '../base/errors.js';

/** Problem in a configuration file: its position and the expected value, but never the actual value. */
export interface ConfigurationProblem {
  /** Path of the file. */
  readonly file: string;
  /** Line number, starting at 1. */
  readonly line: number;
  /** Column number, starting at 1. */
  readonly column: number;
  /** Path of the field, such as `models[0].endpoint`. Empty if the problem concerns the whole file. */
  readonly path: string;
  /** Description of the problem. */
  readonly message: string;
}

/**
 * Error for invalid API key files (`ERR_CONFIGURATION`). `problems` lists all problems in all files.
 *
 * @example
 * if (error instanceof ConfigurationError) console.error(error.problems);
 */
export class ConfigurationError extends PassportJweError {
  /** All problems of the files. */
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

/** Format a problem as `file:line:column path: message`, the format of compiler errors. */
export function formatProblem({ file, line, column, path, message }: ConfigurationProblem): string {
  return `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}: ${message}`;
}
