/** Convert a Redis reply to an array. A reply of any other type becomes an empty array. */
export function asList(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : [];
}
