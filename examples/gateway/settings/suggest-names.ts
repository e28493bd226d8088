import { listVariables } from './describe-settings.js';
import type { Variables } from './read-settings.js';

/** Maximum number of inserted, removed or replaced characters of a misspelt name. */
const MAX_DISTANCE = 2;

/** Names that are shorter, or that start differently, are more likely variables of other programs. */
const MIN_LENGTH = 8;
const SAME_START = 4;

/** Returns a warning for each variable whose name is similar to a setting. Values are not part of it. */
export function suggestNames(variables: Variables): readonly string[] {
  const known = listVariables();
  return Object.keys(variables)
    .filter((name) => name.length >= MIN_LENGTH && !known.includes(name))
    .flatMap((name) => {
      const similar = known.find((one) => isSimilar(name, one));
      return similar === undefined
        ? []
        : [`${name} is not a setting of the gateway. Check whether it should be ${similar}`];
    });
}

function isSimilar(name: string, known: string): boolean {
  if (name.slice(0, SAME_START) !== known.slice(0, SAME_START)) return false;
  return Math.abs(name.length - known.length) <= MAX_DISTANCE && distance(name, known) <= MAX_DISTANCE;
}

/** Returns the Levenshtein distance of two names. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_none, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [column, counterpart] of [...other].entries()) {
      const replaced = (row[column] ?? 0) + (letter === counterpart ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
