/** Return the `code` of an error, or its name if there is no code. Omit the message, which may quote file content. */
export function nameOfFailure(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return typeof cause;
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return 'name' in cause && typeof cause.name === 'string' ? cause.name : 'unknown';
}
