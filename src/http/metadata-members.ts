import { findNonJson } from '../base/find-non-json.js';
import type { JsonObject, JsonValue } from '../base/json.js';
import { assertObject, describeName } from '../base/options.js';

/** Members of a metadata document. Members that are `undefined` are absent. */
export interface MetadataMembers {
  readonly [member: string]: JsonValue | undefined;
}

/** Maximum depth of nested objects and arrays in a metadata document. */
const MAX_DEPTH = 8;

/**
 * Copy the members of a metadata document.
 *
 * @param where function and option, for the error messages
 * @param example valid object for the error message
 * @throws TypeError if the value is not an object of JSON values
 */
export function copyMembers(members: MetadataMembers, where: string, example: string): JsonObject {
  assertObject(members, where, example);
  const fault = findNonJson(members, MAX_DEPTH, where);
  if (fault !== undefined) throw new TypeError(fault);
  return JSON.parse(JSON.stringify(members));
}

/**
 * Add members to a metadata document. Arrays of both are united.
 *
 * @param where function and option, for the error message
 * @throws TypeError if a member would replace a member of the document
 */
export function addMembers(document: JsonObject, members: JsonObject, where: string): JsonObject {
  const united: Record<string, JsonValue> = { ...document };
  for (const [name, value] of Object.entries(members)) {
    const own = document[name];
    if (own !== undefined && !(Array.isArray(own) && Array.isArray(value)))
      throw new TypeError(
        `${where}.${describeName(name)} must not replace the value of the document: remove it`,
      );
    united[name] = Array.isArray(own) && Array.isArray(value) ? [...new Set([...own, ...value])] : value;
  }
  return united;
}
