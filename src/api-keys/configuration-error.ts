import { PassportJweError } from '../base/errors.js';

/** One fault of a configuration file: its place, 1-based, and what would be right, never the value itself. */
export interface ConfigurationProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document, as `models[0].endpoint`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
}

/** Configuration files that cannot be used: every fault of every file at once. */
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

/** As compilers write it: `file:line:column path: message`. */
export function formatProblem({ file, line, column, path, message }: ConfigurationProblem): string {
  return `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}: ${message}`;
}
