import { z } from 'zod';
import { isUnset, listOf } from './read-body.js';

/** Maximum number of tools in a request. */
export const MAX_TOOLS = 1024;

const name = z.string().max(256);
const named = z.looseObject({ name });

const toolSchema = z.looseObject({
  type: name.nullish(),
  name: name.nullish(),
  function: named.nullish(),
  custom: named.nullish(),
  tools: z.unknown().optional(),
});

/** Schema for tools in OpenAI's and Anthropic's formats. A server-side tool may have a type but no name. */
export const toolList = listOf(toolSchema, MAX_TOOLS).nullish();

type Tool = z.output<typeof toolSchema>;

/** Whether the client executes a tool. Tools of other types have a meaning that the provider defines. */
export function isClientTool({ type }: { readonly type?: unknown }): boolean {
  return type === undefined || type === null || type === 'function' || type === 'custom';
}

/** Whether a tool contains other tools, under a common name. */
export function isNamespace({ type }: { readonly type?: unknown }): boolean {
  return type === 'namespace';
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
    const isServerTool = !isClientTool(tool) && !isNamespace(tool);
    if (typeof type === 'string' && isServerTool && !isNamed) names.push(type);
    return [...(names.length === 0 ? [''] : names), ...namesWithin(tool)];
  });
}

/** Returns the names of the tools in a tool. An invalid list has an empty name, which no token allows. */
function namesWithin({ tools }: Tool): readonly string[] {
  const { success, data } = toolList.safeParse(tools);
  return success ? namesOfTools(data) : [''];
}

/** Schema for `tool_choice`, a mode or the tools from which the model can choose. */
export const toolChoice = z.union([z.string(), toolSchema]).nullish();

/** Returns every name in `tool_choice`. */
export function namesOfChoice(choice: z.output<typeof toolChoice>): readonly string[] {
  if (typeof choice === 'string' || isUnset(choice)) return [];
  return choice.type === 'allowed_tools' ? namesWithin(choice) : namesOfTools([choice]);
}
