/** A resource that must be closed. */
export interface Closeable {
  close(): unknown;
}

/**
 * Closes resources in sequence. If one fails, the others are closed nevertheless.
 * @throws AggregateError of all failures, after the last resource.
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
  if (failures.length > 0) throw new AggregateError(failures, 'Some resources could not be closed');
}
