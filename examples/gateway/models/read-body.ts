import { InvalidRequestError, type JsonObject } from 'passport-jwe';
import { z } from 'zod';

/** Schemas that all API formats share. */
export const modelName = z.string().min(1).max(256);
export const tokenCount = z.int().min(1).max(100_000_000);
export const json = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
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
