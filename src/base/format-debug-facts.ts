/** Bounds a line, since tokens and configurations can name thousands of audiences. */
const MAX_ITEMS = 20;
const MAX_LENGTH = 200;

/** Formats facts as JSON on one line. Control characters are replaced, so that no value can forge another line. */
export function formatDebugFacts(facts: object): string {
  return JSON.stringify(facts, shorten).replace(/\p{C}/gu, '?');
}

function shorten(_name: string, value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_LENGTH);
  if (value === Number.POSITIVE_INFINITY) return 'none';
  if (!(value instanceof Set || Array.isArray(value))) return value;
  const items: readonly unknown[] = [...value];
  const more = items.length - MAX_ITEMS;
  return more > 0 ? [...items.slice(0, MAX_ITEMS), `and ${more} more`] : items;
}
