import type { Request, RequestHandler } from 'express';
import { InvalidRequestError, type JsonObject, type JsonValue, verifiedToken } from 'passport-jwe';
import { findDuplicateName } from '../json/scan-json.js';
import {
  CUSTOM_TOOL_MEMBERS,
  FUNCTION_MEMBERS,
  type KnownMembers,
  MODEL_SELECTING_MEMBERS,
} from './known-members.js';
import { ModelApiError } from './model-api-error.js';
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
  return function rejectDetour(req, _res, next) {
    const body = bodyOf(req);
    rejectModelSelection(body.value, known);
    if (verifiedToken(req).type !== 'tiered_model_exec') rejectUnknown(body, known);
    next();
  };
}

function rejectModelSelection(body: JsonObject, known: KnownMembers): void {
  for (const name of Object.keys(body)) {
    const folded = fold(name);
    if (MODEL_SELECTING_MEMBERS.has(folded)) throw memberRejected(name, 'selects a different model');
    if (folded !== name && known.body.has(folded)) {
      throw new InvalidRequestError(
        `The request body contains a different spelling of ${folded}: correct it`,
      );
    }
  }
  for (const [index, tool] of objectsIn(body['tools'])) {
    const name = Object.keys(tool).find((each) => /^models?$/.test(fold(each)));
    if (name !== undefined) throw memberRejected(`tools.${index}.${name}`, 'selects a different model');
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
    // All names of a server tool, including its type, must be in the functions of the token.
    if (!isClientTool(tool)) continue;
    if (isUnset(tool['name'] ?? tool['function'] ?? tool['custom'])) {
      throw new InvalidRequestError(`tools.${index}: name is required`);
    }
    requireKnown(tool, known.tool, `tools.${index}.`);
    requireKnown(tool['function'], FUNCTION_MEMBERS, `tools.${index}.function.`);
    requireKnown(tool['custom'], CUSTOM_TOOL_MEMBERS, `tools.${index}.custom.`);
  }
}

function requireKnown(value: JsonValue | undefined, known: ReadonlySet<string>, path: string): void {
  const unknown = Object.keys(json.safeParse(value).data ?? {}).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw memberRejected(path + unknown, 'is not permitted for tokens that limit functions');
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

const MAX_SHOWN_LENGTH = 80;

function memberRejected(path: string, why: string): ModelApiError {
  const param = path.slice(0, MAX_SHOWN_LENGTH);
  const message = `The member ${param} ${why}: remove it`;
  return new ModelApiError({
    status: 403,
    type: 'permission_error',
    code: 'member_not_allowed',
    param,
    message,
  });
}
