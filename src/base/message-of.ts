/** Return the message of an error from any realm or library. Convert all other values to strings. */
export function messageOf(cause: unknown): string {
  const message: unknown =
    typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'message') : cause;
  return String(message);
}
