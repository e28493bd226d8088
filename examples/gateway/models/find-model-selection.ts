import type { JsonObject, JsonValue } from 'passport-jwe';
import { foldName } from '../json/fold-name.js';
import { MODEL_SELECTING_MEMBERS, setOfNames } from './known-members.js';
import { isJsonObject, isUnset } from './read-body.js';
import { isClientTool } from './tool-names.js';

/** Names that select a model wherever providers define them, for example in `compound_custom` or in tools. */
const MODEL_NAME = /models?$|^model_?(id|name|list)s?$|^(context_window_|content_policy_)?fallbacks$/;

/** Members with data of the client, in which no provider looks for a model. */
const DATA_MEMBERS = setOfNames(`
  client_metadata documents function_call functions input instructions messages metadata output_config output_format prediction
  response_format system text tool_choice tools
`);

/** Members of JSON schemas, whose content has names of the client (JSON Schema 2020-12 §10). */
const SCHEMA_MEMBERS = setOfNames(`
  $defs const default definitions dependentschemas enum examples guided_json json_schema patternproperties properties
  schema
`);

/** Members of tools that the client executes, with schemas and examples. */
const CLIENT_TOOL_DATA = setOfNames('parameters input_schema output_schema input_examples format');

/**
 * Returns the path of the first member that selects a different model than `model`, or `undefined`. Providers and routers
 * define such members at the top level, in nested objects and in tools. A member that is null selects nothing.
 */
export function findModelSelection(body: JsonObject, path = ''): string | undefined {
  for (const [name, value] of Object.entries(body)) {
    const folded = foldName(name);
    const isModel = folded === 'model' && path === '';
    if (isUnset(value)) continue;
    if (!isModel && (MODEL_SELECTING_MEMBERS.has(folded) || MODEL_NAME.test(folded))) return path + name;
    if (DATA_MEMBERS.has(folded)) continue;
    const at = `${path}${name}.`;
    const isBody = folded === 'extra_body' && isJsonObject(value);
    const found = isBody ? findModelSelection(value, at) : findWithin(value, at);
    if (found !== undefined) return found;
  }
  return (
    findInTools(body['tools'], `${path}tools.`) ??
    findInItems(body['input'], `${path}input.`) ??
    findInMessages(body['messages'], `${path}messages.`)
  );
}

/** Finds a name that selects a model in a value. */
function findWithin(
  value: JsonValue | undefined,
  path: string,
  skipped = SCHEMA_MEMBERS,
): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const isList = Array.isArray(value);
  for (const [name, member] of Object.entries(value)) {
    const folded = foldName(name);
    if (isUnset(member) || (!isList && skipped.has(folded))) continue;
    if (!isList && MODEL_NAME.test(folded)) return path + name;
    const found = findWithin(member, `${path}${name}.`, skipped);
    if (found !== undefined) return found;
  }
  return undefined;
}

const CLIENT_TOOL_SKIPPED: ReadonlySet<string> = new Set([...SCHEMA_MEMBERS, ...CLIENT_TOOL_DATA]);

/** Headers are those of a server of the client, for example with MCP. */
const SERVER_TOOL_SKIPPED: ReadonlySet<string> = new Set([...SCHEMA_MEMBERS, 'headers']);

function findInTools(tools: JsonValue | undefined, path: string): string | undefined {
  return findFirst(tools, (tool, index) => findInTool(tool, `${path}${index}.`));
}

function findInTool(tool: JsonObject, path: string): string | undefined {
  const skipped = isClientTool(tool) ? CLIENT_TOOL_SKIPPED : SERVER_TOOL_SKIPPED;
  const { tools: nested, ...members } = tool;
  return findWithin(members, path, skipped) ?? findInTools(nested, `${path}tools.`);
}

/** Finds a selection in tools that are items of the input. */
function findInItems(input: JsonValue | undefined, path: string): string | undefined {
  return findFirst(input, ({ tools }, index) => findInTools(tools, `${path}${index}.tools.`));
}

/** Finds a selection in tools that content blocks of messages define, in Anthropic's format. */
function findInMessages(messages: JsonValue | undefined, path: string): string | undefined {
  return findFirst(messages, ({ content }, index) =>
    findFirst(content, (block, position) => {
      const at = `${path}${index}.content.${position}.`;
      const inChanges = findFirst(block['tool_changes'], (change, place) =>
        findInDefinition(change, `${at}tool_changes.${place}.`),
      );
      return findInDefinition(block, at) ?? inChanges;
    }),
  );
}

function findInDefinition({ tool }: JsonObject, path: string): string | undefined {
  const definition = isJsonObject(tool) ? tool['definition'] : undefined;
  return isJsonObject(definition) ? findInTool(definition, `${path}tool.definition.`) : undefined;
}

function findFirst(
  list: JsonValue | undefined,
  find: (entry: JsonObject, index: number) => string | undefined,
): string | undefined {
  if (!Array.isArray(list)) return undefined;
  for (const [index, entry] of list.entries()) {
    const found = isJsonObject(entry) ? find(entry, index) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
