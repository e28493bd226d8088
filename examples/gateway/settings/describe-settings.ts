import { defineSettings } from './define-settings.js';
import { readSettings, type Variables } from './read-settings.js';
import type { Setting } from './setting.js';

const WIDTH = 32;

/** Returns all settings in the order of the documentation. */
export function listSettings(): readonly Setting<unknown>[] {
  const settings: Setting<unknown>[] = [];
  defineSettings((setting) => {
    settings.push(setting);
    return setting.parse(undefined);
  });
  return settings;
}

/** Returns the names of all variables that the gateway reads. */
export function listVariables(): readonly string[] {
  return listSettings().flatMap(({ name, isSecret }) => (isSecret ? [name, `${name}_FILE`] : [name]));
}

/** Formats the settings as a Markdown table. */
export function formatTable(): string {
  const rows = listSettings().map(
    ({ name, isSecret, help, fallback }) =>
      `| \`${name}\`${isSecret ? `, \`${name}_FILE\`` : ''} | ${help} | ${fallback} |`,
  );
  return ['| variable | meaning | default |', '|---|---|---|', ...rows].join('\n');
}

/** Formats the settings for a terminal. */
export function formatHelp(): string {
  const rows = listSettings().map(
    ({ name, isSecret, help, fallback }) =>
      `  ${`${name}${isSecret ? '(_FILE)' : ''}`.padEnd(WIDTH)} ${help} (default: ${fallback})`,
  );
  return [
    'Usage: passport-jwe-gateway [--help | --print-config | --check-config]',
    '',
    'Starts the gateway. Environment variables contain the settings:',
    '',
    ...rows,
    '',
    'NAME_FILE names a file with the secret NAME.',
  ]
    .join('\n')
    .replaceAll('`', '');
}

/**
 * Formats the values of all settings, without secrets. Each line is `NAME=value`, or a comment for a setting that has
 * its default value or is secret.
 *
 * @throws Error that names all missing and malformed settings
 */
export function formatValues(variables: Variables): string {
  readSettings(variables);
  return listSettings()
    .map(({ name, isSecret, fallback }) => {
      const file = isSecret && variables[`${name}_FILE`] ? `${name}_FILE` : undefined;
      if (file !== undefined) return `# ${name}: secret, from ${file}`;
      const value = variables[name];
      if (!value) return `# ${name}: ${fallback.replaceAll('`', '')} (default)`;
      return isSecret ? `# ${name}: secret` : `${name}=${value}`;
    })
    .join('\n');
}
