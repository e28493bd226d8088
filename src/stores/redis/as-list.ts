/** An answer of Redis that should be a list; none at all is an empty one. */
export function asList(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : [];
}
