import { InvalidRequestError, type JsonObject } from 'passport-jwe';
import { z } from 'zod';

/** Limits that apply to the requests of all models. */
export const modelName = z.string().min(1).max(256);
export const tokenCount = z.int().min(1).max(100_000_000);
export const json = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);

/**
 * Parses the body of a request. The schema has only the fields that the gateway reads.
 * @throws InvalidRequestError that names the first invalid field, without its value.
 */
export function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const reading = schema.safeParse(body);
  if (reading.success) return reading.data;
  const { path, message } = reading.error.issues[0] ?? { path: [], message: 'cannot be parsed' };
  throw new InvalidRequestError(`${path.length === 0 ? 'The body' : path.join('.')}: ${message}`);
}

const toolSchema = z.looseObject({
  type: z.string().nullish(),
  name: z.string().nullish(),
  function: z.looseObject({ name: z.string() }).nullish(),
  custom: z.looseObject({ name: z.string() }).nullish(),
});

/** Tools in the formats of OpenAI and Anthropic. A server-side tool of a provider may have only a type. */
export const toolList = z.array(toolSchema).max(1024).nullish();

/** @throws InvalidRequestError if a tool has no name to check. */
export function namesOfTools(tools: z.output<typeof toolList>): readonly string[] {
  return (tools ?? []).map((tool, index) => {
    const name = tool.function?.name ?? tool.custom?.name ?? tool.name ?? tool.type;
    if (!name) throw new InvalidRequestError(`tools.${index}: has no name`);
    return name;
  });
}
