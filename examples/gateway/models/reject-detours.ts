import type { Request, RequestHandler } from 'express';
import {
  InvalidRequestError,
  type JsonObject,
  type JsonValue,
  requireClaims,
  verifiedToken,
} from 'passport-jwe';
import { findDuplicateName } from '../json/scan-json.js';
import {
  CUSTOM_TOOL_MEMBERS,
  FUNCTION_MEMBERS,
  type KnownMembers,
  MODEL_SELECTING_MEMBERS,
} from './known-members.js';
import { MemberRejectedError } from './member-rejected-error.js';
import { isUnset, json } from './read-body.js';
import type { ReceivedBody } from './receive-body.js';
import { isClientTool } from './tool-names.js';

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
  for (const name of Object.keys(body)) {
    const folded = fold(name);
    if (MODEL_SELECTING_MEMBERS.has(folded)) throw new MemberRejectedError(name, 'selects a different model');
    if (folded !== name && known.body.has(folded)) {
      throw new InvalidRequestError(
        `The request body contains a different spelling of ${folded}: correct it`,
      );
    }
  }
  for (const [index, tool] of objectsIn(body['tools'])) {
    const name = Object.keys(tool).find((each) => /^models?$/.test(fold(each)));
    if (name !== undefined)
      throw new MemberRejectedError(`tools.${index}.${name}`, 'selects a different model');
  }
}

function rejectUnknown({ bytes, value }: ReceivedBody, known: KnownMembers): void {
  if (findDuplicateName(bytes) !== undefined) {
    throw new InvalidRequestError('An object in the request contains a member twice: remove one of the two');
  }
  requireKnown(value, known.body, '');
  for (const [index, entry] of objectsIn(value['functions'])) {
    requireKnown(entry, FUNCTION_MEMBERS, `functions.${index}.`);
  }
  for (const [index, tool] of objectsIn(value['tools'])) {
    requireKnown(tool['function'], FUNCTION_MEMBERS, `tools.${index}.function.`);
    requireKnown(tool['custom'], CUSTOM_TOOL_MEMBERS, `tools.${index}.custom.`);
    if (!isClientTool(tool)) {
      // All names of a server tool, including its type, must be in the functions of the token.
      requireSpelling(tool, NAMING_MEMBERS, `tools.${index}.`);
      continue;
    }
    if (isUnset(tool['name'] ?? tool['function'] ?? tool['custom'])) {
      throw new InvalidRequestError(`tools.${index}: name is required`);
    }
    requireKnown(tool, known.tool, `tools.${index}.`);
  }
}

const NOT_PERMITTED = 'is not permitted for tokens that limit functions';

/** Members that contain the names of a tool. */
const NAMING_MEMBERS: ReadonlySet<string> = new Set(['type', 'name', 'function', 'custom']);

/** Rejects different spellings of members, because a lenient parser could read a name that the gateway did not check. */
function requireSpelling(value: JsonObject, names: ReadonlySet<string>, path: string): void {
  const other = Object.keys(value).find((name) => !names.has(name) && names.has(fold(name)));
  if (other !== undefined) throw new MemberRejectedError(path + other, NOT_PERMITTED);
}

function requireKnown(value: JsonValue | undefined, known: ReadonlySet<string>, path: string): void {
  const unknown = Object.keys(json.safeParse(value).data ?? {}).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new MemberRejectedError(path + unknown, NOT_PERMITTED);
  }
}

function objectsIn(list: JsonValue | undefined): readonly (readonly [index: number, entry: JsonObject])[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry, index) => {
    const { data } = json.safeParse(entry);
    return data === undefined ? [] : [[index, data] as const];
  });
}

/** Folds a name as lenient parsers do, for example that of Go: they ignore case, also of U+017F and U+212A. */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}
