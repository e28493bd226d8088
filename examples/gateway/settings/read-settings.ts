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
  const settings = defineSettings((setting) => {
    try {
      return setting.parse(readValue(setting, variables));
    } catch (error) {
      problems.push(error instanceof Error ? error.message : `${setting.name} cannot be read`);
      return setting.parse(undefined);
    }
  });
  problems.push(...findConflicts(settings, (name) => isSet(name, variables)));
  const [first, ...rest] = problems;
  if (first === undefined) return settings;
  if (rest.length === 0) throw new Error(first);
  throw new Error(
    [`${problems.length} settings are invalid:`, ...problems.map((each) => `- ${each}`)].join('\n'),
  );
}

/** Whether a setting has a value, valid or not. `false` is the default of all settings that accept it. */
function isSet(name: string, variables: Variables): boolean {
  return Boolean((variables[name] && variables[name] !== 'false') || variables[`${name}_FILE`]);
}

function readValue({ name, isSecret }: Setting<unknown>, variables: Variables): string | undefined {
  const file = variables[`${name}_FILE`];
  if (isSecret && file) return readSecretFile(file, `${name}_FILE`) || undefined;
  return variables[name] || undefined;
}

/** Reads a secret from a file. Hides the file-system error, whose path may be the secret itself by mistake. */
function readSecretFile(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : 'unknown';
    throw new Error(
      `${name} must be the path of a readable file (${code}): check the path and its permissions`,
    );
  }
}
