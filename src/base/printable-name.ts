/** Longer names could be misplaced secrets. Shorter secrets are easy to guess anyway. */
const MAX_NAME_LENGTH = 20;

/** Lower-case words in snake case, camel case or with scope separators. No digits, since generated keys contain them. */
const NAME = /^[a-z]{1,14}(?:[A-Z][a-z]{0,13}|[_.:-][a-z]{1,14}){0,4}$/;

const MAX_VARIABLE_LENGTH = 64;

/** Upper-case words with underscores. A word may end in a number, as in `S3_KEY_1`: in random text, digits are anywhere. */
const VARIABLE = /^_?(?:[A-Z]{1,16}\d{0,2}|\d{1,2})(?:_(?:[A-Z]{1,16}\d{0,2}|\d{1,2}))*$/;

/**
 * Whether errors, warnings and audit events may contain a name from a caller or a configuration file. A secret can take
 * the place of a name by mistake, for example if the space after a colon is missing.
 */
export function isPrintableName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && NAME.test(name);
}

/** Like `isPrintableName`, for the name of an environment variable. */
export function isPrintableVariable(name: string): boolean {
  return name.length <= MAX_VARIABLE_LENGTH && VARIABLE.test(name);
}
