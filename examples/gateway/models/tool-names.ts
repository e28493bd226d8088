import type { JsonObject, JsonValue } from 'passport-jwe';
import { z } from 'zod';
import { isUnset, listOf, objectsIn } from './read-body.js';

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
    const names = namesIn(tool);
    const { type } = tool;
    const isNamed = names.some((each) => type === each || type?.replace(/_\d{8}$/, '') === each);
    const isServerTool = !isClientTool(tool) && !isNamespace(tool);
    if (typeof type === 'string' && isServerTool && !isNamed) names.push(type);
    return [...(names.length === 0 ? [''] : names), ...namesWithin(tool)];
  });
}

function namesIn({ function: called, custom, name }: Tool): string[] {
  return [called?.name, custom?.name, name].filter((each) => typeof each === 'string');
}

/** Returns the names of the tools in a tool. An invalid list has an empty name, which no token allows. */
function namesWithin({ tools }: Pick<Tool, 'tools'>): readonly string[] {
  const { success, data } = toolList.safeParse(tools);
  return success ? namesOfTools(data) : [''];
}

/** Schema for `tool_choice`, a mode or the tools from which the model can choose. */
export const toolChoice = z
  .union([
    z.string(),
    toolSchema.extend({ allowed_tools: z.looseObject({ tools: z.unknown().optional() }).nullish() }),
  ])
  .nullish();

/** Values of `type` in `tool_choice` that are a mode, and not the type of a tool. */
const CHOICE_MODES: ReadonlySet<unknown> = new Set(['auto', 'any', 'none', 'tool', 'allowed_tools']);

/** Returns every name in `tool_choice`. */
export function namesOfChoice(choice: z.output<typeof toolChoice>): readonly string[] {
  if (typeof choice === 'string' || isUnset(choice)) return [];
  if (!CHOICE_MODES.has(choice.type)) return namesOfTools([choice]);
  const listed = [choice, choice.allowed_tools].flatMap((list) => namesWithin(list ?? {}));
  return [...namesIn(choice), ...listed];
}

/** Types of items and blocks that repeat a call of a tool. */
const CALL = /^(custom_tool|function)_call$|tool_use$/;

/**
 * Returns the names of called tools in messages or items of any format, because a model can repeat calls of the
 * conversation. Includes tools that a block makes available.
 */
export function namesOfCalls(entries: unknown): readonly string[] {
  return objectsIn(entries).flatMap((entry) => [
    ...[entry, ...objectsIn(entry['content'])].filter(isCall).flatMap(namesOfCall),
    ...objectsIn([...listIn(entry['tool_calls']), entry['function_call']]).flatMap(namesOfCall),
    ...objectsIn(entry['content']).flatMap(({ tool }) => objectsIn([tool]).flatMap(namesOfCall)),
  ]);
}

function isCall({ type }: JsonObject): boolean {
  return typeof type === 'string' && CALL.test(type);
}

/** Returns every name in a call. A call without any name has an empty name, which no token allows. */
function namesOfCall(call: JsonObject): readonly string[] {
  const parts = objectsIn([call, call['function'], call['custom']]).map((part) => part['name']);
  const names = [...parts, call['namespace']].filter((each) => typeof each === 'string');
  return names.length === 0 ? [''] : names;
}

function listIn(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
