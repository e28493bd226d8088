import { isPrintableName } from '../base/printable-name.js';

/** Pattern for an argument in a message of commander. The match is greedy, because an argument may contain quotes. */
const QUOTED =
  /(unknown (?:option|command)|argument|value) '(?:--?)?([\s\S]*)'(?= is invalid| from env|$|\n\()/;

/**
 * Remove quoted arguments that may be secrets from an error message of commander. An operator may paste a token or key
 * in the wrong place, and CI systems log the message.
 */
export function hideArguments(message: string): string {
  return message.replace(QUOTED, (quoted, what: string, argument: string) =>
    isPrintableName(argument.replaceAll('-', '_')) ? quoted : what,
  );
}
