import { z } from 'zod';
import { listOf } from './read-body.js';

/** Maximum number of tools in a request. */
export const MAX_TOOLS = 1024;

const name = z.string().max(256);
const named = z.looseObject({ name });

const toolSchema = z.looseObject({
  type: name.nullish(),
  name: name.nullish(),
  function: named.nullish(),
  custom: named.nullish(),
});

/** Schema for tools in OpenAI's and Anthropic's formats. A server-side tool may have a type but no name. */
export const toolList = listOf(toolSchema, MAX_TOOLS).nullish();

/** Whether the client executes a tool. Tools of other types have a meaning that the provider defines. */
export function isClientTool({ type }: { readonly type?: unknown }): boolean {
  return type === undefined || type === null || type === 'function' || type === 'custom';
}

/**
 * Returns every name in the tools, so that a provider that reads a different name than others finds no other tool. The
 * type of a server tool is a name too, except for the name with a date, such as `web_search_20250305`. A tool without
 * any name has an empty name.
 */
export function namesOfTools(tools: z.output<typeof toolList>): readonly string[] {
  return (tools ?? []).flatMap((tool) => {
    const names = [tool.function?.name, tool.custom?.name, tool.name].filter(
      (each) => typeof each === 'string',
    );
    const { type } = tool;
    const isNamed = names.some((each) => type === each || type?.replace(/_\d{8}$/, '') === each);
    if (typeof type === 'string' && !isClientTool(tool) && !isNamed) names.push(type);
    return names.length === 0 ? [''] : names;
  });
}
