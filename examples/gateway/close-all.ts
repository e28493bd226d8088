/** Resource with a `close()` method. */
export interface Closeable {
  close(): unknown;
}

/**
 * Closes resources in sequence. A failure does not prevent the rest from being closed.
 *
 * @throws AggregateError (as rejection) of all failures, once every `close()` has settled.
 */
export async function closeAll(opened: readonly Closeable[]): Promise<void> {
  const failures: unknown[] = [];
  for (const each of opened) {
    try {
      await each.close();
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (failures.length > 0)
    throw new AggregateError(
      failures,
      'Some resources could not be closed: see the errors of this AggregateError',
    );
}
