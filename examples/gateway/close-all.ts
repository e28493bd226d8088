/** Something that was opened and has to be closed. */
export interface Closeable {
  close(): unknown;
}

/**
 * Closes one after the other, and the others too where one fails.
 * @throws AggregateError of what failed, once all were asked.
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
  if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be closed');
}
