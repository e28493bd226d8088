/** The code of a failure of the system, or else the name of its class; its message may quote what it read. */
export function nameOfFailure(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return typeof cause;
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return 'name' in cause && typeof cause.name === 'string' ? cause.name : 'unknown';
}
