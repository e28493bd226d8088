const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** Rule for names of directories and identity providers, for error messages. */
export const DIRECTORY_NAME =
  'must be 1 to 32 characters from a-z 0-9 - and start with a letter, for example corp';

/** Whether a value can name a directory or an identity provider. Subjects of their users start with the name and a colon. */
export function isDirectoryName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value);
}
