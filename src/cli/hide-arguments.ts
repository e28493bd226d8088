import { isPrintableName } from '../printable-name.js';

/** Where commander quotes what was typed: the quote is greedy, since an argument may hold quotes itself. */
const QUOTED =
  /(unknown (?:option|command)|argument|value) '(?:--?)?([\s\S]*)'(?= is invalid| from env|$|\n\()/;

/**
 * A message about a command line without the arguments that it quotes: a token or a key may stand in the place of a
 * command, an option or a value, and messages end up in the logs of CI.
 */
export function hideArguments(message: string): string {
  return message.replace(QUOTED, (quoted, what: string, argument: string) =>
    isPrintableName(argument.replaceAll('-', '_')) ? quoted : what,
  );
}
