/** What an error says, whichever realm or client it comes from. */
export function messageOf(cause: unknown): string {
  const message: unknown =
    typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'message') : cause;
  return String(message);
}
