import * as v from 'valibot';
import { isJsonObject, type JsonObject } from '../base/json.js';

type MappingOutput<Fields extends v.ObjectEntries> = v.InferOutput<v.ObjectSchema<Fields, undefined>>;

const UNKNOWN_FIELD = 'is an unknown field: correct the spelling, or remove it';

/**
 * Create a schema for a mapping with exactly these fields. A missing field is validated as `undefined`. Each unknown
 * field is a separate issue. `strictObject` is not sufficient: it accepts arrays and reports one unknown field only.
 *
 * @param message error message for a value that is not a mapping.
 */
export function mapping<const Fields extends v.ObjectEntries>(
  fields: Fields,
  message: string,
): v.GenericSchema<unknown, MappingOutput<Fields>> {
  const known = v.object(fields);
  return v.pipe(
    v.custom<JsonObject>(isJsonObject, message),
    v.metadata({ fields }),
    v.rawTransform(({ dataset: { value: input }, addIssue, NEVER }): MappingOutput<Fields> => {
      const result = v.safeParse(known, completeFields(input, fields));
      for (const { message, path } of result.issues ?? []) addIssue({ message, path });
      for (const name of Object.keys(input).filter((each) => !Object.hasOwn(fields, each))) {
        addIssue({ message: UNKNOWN_FIELD, path: [memberOf(input, name)] });
      }
      return result.success ? result.output : NEVER;
    }),
  );
}

/**
 * Create a schema for a mapping with arbitrary field names. `record` is not sufficient: it accepts arrays and drops
 * names such as `constructor`.
 *
 * @param message error message for a value that is not a mapping, and for an invalid name.
 */
export function mappingOf<Value>(
  name: v.GenericSchema<string>,
  value: v.GenericSchema<unknown, Value>,
  message: string,
): v.GenericSchema<unknown, Readonly<Record<string, Value>>> {
  return v.pipe(
    v.custom<JsonObject>(isJsonObject, message),
    v.rawTransform(({ dataset: { value: input }, addIssue, NEVER }): Readonly<Record<string, Value>> => {
      const members: [string, Value][] = [];
      let fits = true;
      for (const [key, member] of Object.entries(input)) {
        const here = memberOf(input, key);
        const isNamed = v.is(name, key);
        const checked = v.safeParse(value, member);
        if (!isNamed) addIssue({ message, path: [here] });
        for (const issue of isNamed ? (checked.issues ?? []) : []) {
          addIssue({ message: issue.message, path: [here, ...(issue.path ?? [])] });
        }
        fits &&= isNamed && checked.success;
        if (checked.success) members.push([key, checked.output]);
      }
      return fits ? Object.fromEntries(members) : NEVER;
    }),
  );
}

function completeFields(input: JsonObject, fields: v.ObjectEntries): object {
  const required = Object.keys(fields).filter((name) => fields[name]?.type !== 'optional');
  return { ...Object.fromEntries(required.map((name) => [name, undefined])), ...input };
}

function memberOf(input: JsonObject, key: string): v.ObjectPathItem {
  return { type: 'object', origin: 'value', input: { ...input }, key, value: input[key] };
}
