/** The message of an error of any realm or library. */
export function messageOf(cause: unknown): string {
  const message: unknown =
    typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'message') : cause;
  return String(message);
}
