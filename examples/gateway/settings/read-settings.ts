import { readFileSync } from 'node:fs';
import { defineSettings, type Settings } from './define-settings.js';
import { findConflicts } from './find-conflicts.js';
import type { Setting } from './setting.js';

/** Environment variables. `NAME_FILE` names a file with the secret `NAME`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from environment variables and applies the defaults.
 *
 * @throws Error that names all missing and malformed settings
 */
export function readSettings(variables: Variables): Settings {
  const problems: string[] = [];
  const secrets = new Set<string>();
  const settings = defineSettings((setting) => {
    if (setting.isSecret) secrets.add(setting.name);
    try {
      return setting.parse(readValue(setting, variables));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : `${setting.name} cannot be read`);
      return setting.parse(undefined);
    }
  });
  const isSet = (name: string) =>
    hasValue(name, variables) || (secrets.has(name) && hasValue(`${name}_FILE`, variables));
  problems.push(...findConflicts(settings, isSet));
  const [first, ...rest] = problems;
  if (first === undefined) return settings;
  if (rest.length === 0) throw new Error(first);
  throw new Error(
    [`${problems.length} settings are invalid:`, ...problems.map((each) => `- ${each}`)].join('\n'),
  );
}

/** Whether a variable has a value, valid or not. `false` is the default of all settings that accept it. */
function hasValue(name: string, variables: Variables): boolean {
  return Boolean(variables[name] && variables[name] !== 'false');
}

function readValue({ name, isSecret }: Setting<unknown>, variables: Variables): string | undefined {
  const file = variables[`${name}_FILE`];
  if (isSecret && file) return readSecretFile(file, `${name}_FILE`);
  return variables[name] || undefined;
}

/**
 * Reads a secret from a file. Hides the file-system error, whose path may be the secret itself by mistake. An empty file
 * is an error: without `REDIS_URL` or `AUDIT_KEY`, the gateway would start with the embedded store, or without an audit file.
 */
function readSecretFile(file: string, name: string): string {
  const value = readTrimmed(file, name);
  if (value === '') throw new Error(`${name} names an empty file: write the secret to it, or remove ${name}`);
  return value;
}

function readTrimmed(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : 'unknown';
    throw new Error(
      `${name} must be the path of a readable file (${code}): check the path and its permissions`,
    );
  }
}
