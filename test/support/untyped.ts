/** A value as a caller without TypeScript passes it; members that are `undefined` are left out. */
export function untyped(value: object) {
  return JSON.parse(JSON.stringify(value));
}
