import type { Request, RequestHandler } from 'express';
import {
  InvalidRequestError,
  type JsonObject,
  type JsonValue,
  requireClaims,
  verifiedToken,
} from 'passport-jwe';
import { foldName } from '../json/fold-name.js';
import { findDuplicateName } from '../json/scan-json.js';
import { findModelSelection } from './find-model-selection.js';
import {
  CUSTOM_TOOL_MEMBERS,
  FUNCTION_MEMBERS,
  type KnownMembers,
  NAMESPACE_MEMBERS,
} from './known-members.js';
import { MemberRejectedError } from './member-rejected-error.js';
import { isJsonObject, isUnset, json } from './read-body.js';
import type { ReceivedBody } from './receive-body.js';
import { isClientTool, isNamespace } from './tool-names.js';

/**
 * Creates middleware that rejects members with which a request could use other models or tools than the token allows.
 *
 * - For all tokens: members that select a model, and different spellings of members that the gateway reads.
 * - For tokens that limit functions (`function_call` and `delegation`): all members that the format does not define,
 *   in the body and in tools, and members that occur twice in any object.
 */
export function rejectDetours(known: KnownMembers, bodyOf: (req: Request) => ReceivedBody): RequestHandler {
  // As a guard, because guards record audit events of rejected requests.
  return requireClaims((_claims, req) => {
    const body = bodyOf(req);
    rejectModelSelection(body.value, known);
    if (verifiedToken(req).type !== 'tiered_model_exec') rejectUnknown(body, known);
    return true;
  });
}

function rejectModelSelection(body: JsonObject, known: KnownMembers): void {
  const path = findModelSelection(body);
  if (path !== undefined) throw new MemberRejectedError(path, 'selects a different model');
  for (const name of Object.keys(body)) {
    const folded = foldName(name);
    if (folded !== name && known.body.has(folded)) {
      throw new InvalidRequestError(
        `The request body contains a different spelling of ${folded}: correct it`,
      );
    }
  }
}

function rejectUnknown({ bytes, value }: ReceivedBody, known: KnownMembers): void {
  if (findDuplicateName(bytes) !== undefined) {
    throw new InvalidRequestError('An object in the request contains a member twice: remove one of the two');
  }
  requireKnown(value, known.body, '');
  for (const [index, entry] of indexed(value['functions'])) {
    requireKnown(entry, FUNCTION_MEMBERS, `functions.${index}.`);
  }
  rejectUnknownInTools(value['tools'], known, 'tools.');
  if (known.item !== undefined) rejectUnknownItems(value['input'], known.item);
  rejectToolsInMessages(value['messages'], known.blockTypes);
}

function rejectUnknownInTools(tools: JsonValue | undefined, known: KnownMembers, path: string): void {
  for (const [index, tool] of indexed(tools)) {
    const at = `${path}${index}.`;
    requireKnown(tool['function'], FUNCTION_MEMBERS, `${at}function.`);
    requireKnown(tool['custom'], CUSTOM_TOOL_MEMBERS, `${at}custom.`);
    if (isNamespace(tool)) {
      requireKnown(tool, NAMESPACE_MEMBERS, at);
      rejectUnknownInTools(tool['tools'], known, `${at}tools.`);
      continue;
    }
    if (!isClientTool(tool)) {
      // All names of a server tool, including its type, must be in the functions of the token.
      requireSpelling(tool, NAMING_MEMBERS, at);
      continue;
    }
    if (isUnset(tool['name'] ?? tool['function'] ?? tool['custom'])) {
      throw new InvalidRequestError(`${path}${index}: name is required`);
    }
    requireKnown(tool, known.tool, at);
  }
}

function rejectUnknownItems(
  input: JsonValue | undefined,
  { types, members }: NonNullable<KnownMembers['item']>,
): void {
  for (const [index, item] of indexed(input)) {
    requireKnown(item, members, `input.${index}.`);
    // An item without a type is a message, or a reference to a stored item.
    const type = item['type'] ?? ('role' in item ? 'message' : undefined);
    if (typeof type !== 'string' || !types.has(type)) {
      throw new MemberRejectedError(`input.${index}`, NOT_PERMITTED);
    }
  }
}

/** Members of messages with which some providers define tools. */
const TOOL_MEMBERS: ReadonlySet<string> = new Set(['tools', 'functions']);

/** Rejects messages that define tools. Blocks can only refer to tools by name. */
function rejectToolsInMessages(
  messages: JsonValue | undefined,
  blockTypes: KnownMembers['blockTypes'],
): void {
  for (const [index, message] of indexed(messages)) {
    const at = `messages.${index}.`;
    const defining = Object.keys(message).find((name) => TOOL_MEMBERS.has(foldName(name)));
    if (defining !== undefined) throw new MemberRejectedError(at + defining, NOT_PERMITTED);
    if (blockTypes === undefined) continue;
    for (const [position, { type, tool, tool_changes: changes }] of indexed(message['content'])) {
      const isKnown = typeof type === 'string' && blockTypes.has(type);
      const isReference = isUnset(tool) || (isJsonObject(tool) && tool['type'] === 'tool_reference');
      if (!isKnown || !isReference || !isUnset(changes)) {
        throw new MemberRejectedError(`${at}content.${position}`, NOT_PERMITTED);
      }
    }
  }
}

const NOT_PERMITTED = 'is not permitted for tokens that limit functions';

/** Members that contain the names of a tool. */
const NAMING_MEMBERS: ReadonlySet<string> = new Set(['type', 'name', 'function', 'custom', 'tools']);

/** Rejects different spellings of members, because a lenient parser could read a name that the gateway did not check. */
function requireSpelling(value: JsonObject, names: ReadonlySet<string>, path: string): void {
  const other = Object.keys(value).find((name) => !names.has(name) && names.has(foldName(name)));
  if (other !== undefined) throw new MemberRejectedError(path + other, NOT_PERMITTED);
}

function requireKnown(value: JsonValue | undefined, known: ReadonlySet<string>, path: string): void {
  const unknown = Object.keys(json.safeParse(value).data ?? {}).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new MemberRejectedError(path + unknown, NOT_PERMITTED);
  }
}

function indexed(list: JsonValue | undefined): readonly (readonly [index: number, entry: JsonObject])[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry, index) => (isJsonObject(entry) ? [[index, entry] as const] : []));
}
