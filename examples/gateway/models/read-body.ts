import { InvalidRequestError, type JsonObject } from 'passport-jwe';
import { z } from 'zod';

/** Limits beyond which a request makes no sense, whatever its model. */
export const modelName = z.string().min(1).max(256);
export const tokenCount = z.int().min(1).max(100_000_000);
export const json = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);

/**
 * The body of a request by its schema, which says only what the gateway itself reads.
 * @throws InvalidRequestError that names the first field at fault, without its value.
 */
export function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const reading = schema.safeParse(body);
  if (reading.success) return reading.data;
  const { path, message } = reading.error.issues[0] ?? { path: [], message: 'cannot be read' };
  throw new InvalidRequestError(`${path.length === 0 ? 'The body' : path.join('.')}: ${message}`);
}

const toolSchema = z.looseObject({
  type: z.string().nullish(),
  name: z.string().nullish(),
  function: z.looseObject({ name: z.string() }).nullish(),
  custom: z.looseObject({ name: z.string() }).nullish(),
});

/** Tools as OpenAI and Anthropic write them; one that providers run themselves may have a type alone. */
export const toolList = z.array(toolSchema).max(1024).nullish();

/** @throws InvalidRequestError for a tool without any name to check. */
export function namesOfTools(tools: z.output<typeof toolList>): readonly string[] {
  return (tools ?? []).map((tool, index) => {
    const name = tool.function?.name ?? tool.custom?.name ?? tool.name ?? tool.type;
    if (!name) throw new InvalidRequestError(`tools.${index}: has no name`);
    return name;
  });
}
