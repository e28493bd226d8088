/** What JSON can hold, as a token carries it: never to be changed. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [member: string]: JsonValue;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Freezes parsed JSON in place, at every level. @returns whether it nests no deeper than `maxDepth` levels. */
export function freezeJson(value: unknown, maxDepth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (maxDepth === 0) return false;
  for (const member of Object.values(value)) {
    if (!freezeJson(member, maxDepth - 1)) return false;
  }
  Object.freeze(value);
  return true;
}
