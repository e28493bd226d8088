/** Maximum length of a printable name. Longer names could be secrets. Shorter secrets are easy to guess anyway. */
const MAX_NAME_LENGTH = 20;

/** Words in snake case or camel case, or with scope separators. Excludes digits, as in generated keys. */
const NAME = /^[a-z]{1,14}(?:[A-Z][a-z]{0,13}|[_.:-][a-z]{1,14}){0,4}$/;

const MAX_VARIABLE_LENGTH = 64;

/** Upper-case words with underscores, as in `S3_KEY_1`. Digits elsewhere than at the end of a word suggest a secret. */
const VARIABLE = /^_?(?:[A-Z]{1,16}\d{0,2}|\d{1,2})(?:_(?:[A-Z]{1,16}\d{0,2}|\d{1,2}))*$/;

/**
 * Whether a name from a caller or a configuration file may appear in errors, warnings and audit events.
 *
 * A secret can be mistaken for a name, for example if the space after a colon is missing.
 */
export function isPrintableName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && NAME.test(name);
}

/** Whether the name of an environment variable may appear in errors, warnings and audit events. */
export function isPrintableVariable(name: string): boolean {
  return name.length <= MAX_VARIABLE_LENGTH && VARIABLE.test(name);
}
