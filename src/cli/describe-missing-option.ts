import type { Option } from 'commander';

const MISSING = /^error: required option '(.+)' not specified$/;

/**
 * Complete the message of commander for a missing option: name the option, and the environment variable that can replace
 * it. Other messages are unchanged.
 */
export function describeMissingOption(message: string, options: readonly Option[]): string {
  const [, flags] = MISSING.exec(message) ?? [];
  const option = options.find((candidate) => candidate.flags === flags);
  if (option === undefined) return message;
  const variable = option.envVar === undefined ? '' : `, or set the variable ${option.envVar}`;
  return `error: The option ${option.long} is missing: pass ${option.flags}${variable}`;
}
