/** Returns a reply of Redis as an array. A reply that is not an array becomes an empty one. */
export function asList(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : [];
}
