/** A value as a caller without TypeScript passes it; members that are `undefined` are left out. */
export function untyped(value: object) {
  return JSON.parse(JSON.stringify(value));
}

/** The same for a value that JSON does not hold, as NaN: it stays as it is. */
export function untypedValue(value: unknown) {
  const holder = JSON.parse('{}');
  holder.value = value;
  return holder.value;
}
