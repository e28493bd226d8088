import { InvalidRequestError, type JsonObject } from 'passport-jwe';
import { z } from 'zod';

/** Schemas that all API formats share. */
export const modelName = z.string().min(1).max(256);
export const tokenCount = z.int().min(1).max(100_000_000);
export const json = z.custom<JsonObject>(isJsonObject, 'must be an object');

/** Whether a value is an object. Faster than a schema for the entries of long lists. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the objects in a list. Values that are not a list have none. */
export function objectsIn(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/**
 * Creates a schema for a list. Its output is the received list, because a copy of a long list needs much memory. It reports
 * the first invalid entry alone, because a list of a request can contain many invalid entries.
 *
 * @param entry schema without transformations.
 * @param maxLength maximum number of entries.
 */
export function listOf<Entry extends z.ZodType>(entry: Entry, maxLength: number) {
  return z
    .custom<readonly z.output<Entry>[]>(Array.isArray, 'must be an array')
    .superRefine((values: readonly unknown[], context) => {
      if (values.length > maxLength) return context.addIssue(`must have at most ${maxLength} entries`);
      for (const [index, value] of values.entries()) {
        const { success, error } = entry.safeParse(value);
        if (success) continue;
        const { path = [], message = 'is invalid' } = error.issues[0] ?? {};
        return context.addIssue({ code: 'custom', path: [index, ...path], message });
      }
    });
}

/** Maximum number of messages of Anthropic's API. */
const MAX_MESSAGES = 100_000;

/** Schema for the messages of a request. */
export const messageList = listOf(z.looseObject({ role: z.string() }), MAX_MESSAGES).refine(
  (messages) => messages.length > 0,
  'must not be empty',
);

/**
 * Validates a request body with a schema of the fields that the gateway reads.
 *
 * @throws InvalidRequestError that names the first invalid field, but not its value.
 */
export function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const reading = schema.safeParse(body);
  if (reading.success) return reading.data;
  const { path, message } = reading.error.issues[0] ?? { path: [], message: 'cannot be parsed' };
  throw new InvalidRequestError(`${path.length === 0 ? 'The body' : path.join('.')}: ${message}`);
}

/** Whether a member is absent or null. Providers treat both alike. */
export function isUnset(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
