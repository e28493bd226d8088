import { isPrintableName } from '../base/printable-name.js';

/** Arguments that commander quotes. The match is greedy, because an argument can contain quotes. */
const QUOTED =
  /(unknown (?:option|command)|argument|value) '(?:--?)?([\s\S]*)'(?= is invalid| from env|$|\n\()/;

/**
 * Removes quoted arguments from a message of commander. A token or a key can be in the place of a command, an option or
 * a value, and CI systems log the message.
 */
export function hideArguments(message: string): string {
  return message.replace(QUOTED, (quoted, what: string, argument: string) =>
    isPrintableName(argument.replaceAll('-', '_')) ? quoted : what,
  );
}
