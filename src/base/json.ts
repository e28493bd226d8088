/** JSON value. Read-only, because requests share tokens. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** JSON object (RFC 8259 §4). */
export interface JsonObject {
  readonly [member: string]: JsonValue;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether `JSON.stringify` preserves a value without omissions or conversions, at most `maxDepth` levels deep. */
export function isPlainJson(value: unknown, maxDepth: number): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || maxDepth === 0 || convertsItself(value)) return false;
  if (Array.isArray(value)) return arePlainItems(value, maxDepth - 1);
  return (
    Object.getPrototypeOf(value) === Object.prototype && arePlainItems(Object.values(value), maxDepth - 1)
  );
}

/** Whether a value has a `toJSON` member. Reading the member is faster than `in`. */
function convertsItself(value: { readonly toJSON?: unknown }): boolean {
  return value.toJSON !== undefined;
}

/** Whether JSON preserves every item. Iterate by index, because `every` skips holes in arrays. */
function arePlainItems(items: readonly unknown[], maxDepth: number): boolean {
  for (let index = 0; index < items.length; index += 1) {
    if (!isPlainJson(items[index], maxDepth)) return false;
  }
  return true;
}

/** Deeply freezes parsed JSON in place. @returns whether the value is at most `maxDepth` levels deep. */
export function freezeJson(value: unknown, maxDepth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (maxDepth === 0) return false;
  const areFrozen = Array.isArray(value)
    ? freezeItems(value, maxDepth - 1)
    : freezeMembers(value, maxDepth - 1);
  if (areFrozen) Object.freeze(value);
  return areFrozen;
}

/** Freeze the items of an array. Iterate by index, which is several times faster than `Object.values` in V8. */
function freezeItems(items: readonly unknown[], maxDepth: number): boolean {
  for (let index = 0; index < items.length; index += 1) {
    const item = items[index];
    if (typeof item === 'object' && item !== null && !freezeJson(item, maxDepth)) return false;
  }
  return true;
}

function freezeMembers(object: object, maxDepth: number): boolean {
  for (const member of Object.values(object)) {
    if (typeof member === 'object' && member !== null && !freezeJson(member, maxDepth)) return false;
  }
  return true;
}
