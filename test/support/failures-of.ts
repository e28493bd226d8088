/**
 * Rows of a table for which a check throws, each with the reason. One rule over many rows is one test:
 * `expect(await failuresOf(ROWS, check)).toEqual([])`.
 */
export async function failuresOf<const Row>(
  rows: Iterable<Row>,
  check: (row: Row) => void | Promise<void>,
): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const row of rows) {
    try {
      await check(row);
    } catch (failure) {
      const reason = failure instanceof Error ? failure.message : String(failure);
      failures.push(`${JSON.stringify(row)}: ${reason}`);
    }
  }
  return failures;
}
