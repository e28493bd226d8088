/** Environment variable that the gateway reads, with its documentation. */
export interface Setting<Value> {
  readonly name: string;
  /** Meaning, as Markdown. */
  readonly help: string;
  /** Default, as Markdown. */
  readonly fallback: string;
  /** Whether the value is never printed. `NAME_FILE` then names a file with the value. */
  readonly isSecret: boolean;
  /**
   * Parses a value that is not empty. Returns the default for `undefined`.
   *
   * @throws Error that describes the expected value. The message never contains the actual value.
   */
  parse(value: string | undefined): Value;
}

/** Format of a value. */
export interface Kind<Value> {
  readonly isSecret?: boolean;
  /** @throws Error that describes the expected value */
  parse(value: string, name: string): Value;
}

/** Reads one setting. The definitions of all settings call it, for values as well as for documentation. */
export type ReadSetting = <Value>(setting: Setting<Value>) => Value;

interface Description {
  readonly name: string;
  readonly help: string;
}

/**
 * Defines a setting without a default value.
 *
 * @param description `unset` describes the behavior without the setting
 */
export function optional<Value>(
  { parse, isSecret = false }: Kind<Value>,
  { name, help, unset }: Description & { readonly unset: string },
): Setting<Value | undefined> {
  return {
    ...{ name, help, isSecret, fallback: unset },
    parse: (value) => (value === undefined ? undefined : parse(value, name)),
  };
}

/**
 * Defines a setting with a default value.
 *
 * @param description `value` is the default, in the format of the variable
 */
export function defaulted<Value>(
  { parse, isSecret = false }: Kind<Value>,
  { name, help, value }: Description & { readonly value: string },
): Setting<Value> {
  return {
    ...{ name, help, isSecret, fallback: `\`${value}\`` },
    parse: (given = value) => parse(given, name),
  };
}
