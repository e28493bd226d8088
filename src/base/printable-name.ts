/** Longer names could be secrets in the wrong place; shorter secrets are easy to guess anyway. */
const MAX_NAME_LENGTH = 20;

/** Lower-case words in snake case, camel case or with separators of scopes. No digits: generated keys have some. */
const NAME = /^[a-z]{1,14}(?:[A-Z][a-z]{0,13}|[_.:-][a-z]{1,14}){0,4}$/;

const MAX_VARIABLE_LENGTH = 64;

/** Upper-case words with underscores. A word may end in a number, as in `S3_KEY_1`: random text has digits anywhere. */
const VARIABLE = /^_?(?:[A-Z]{1,16}\d{0,2}|\d{1,2})(?:_(?:[A-Z]{1,16}\d{0,2}|\d{1,2}))*$/;

/**
 * Whether messages may print a name that a caller or a configuration file chose. A secret can be in the place of a name
 * by mistake, for example if the space after a colon is missing. This rule holds for errors, warnings and events.
 */
export function isPrintableName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && NAME.test(name);
}

/** The same for the name of an environment variable. */
export function isPrintableVariable(name: string): boolean {
  return name.length <= MAX_VARIABLE_LENGTH && VARIABLE.test(name);
}
