import { AccessDeniedError, InvalidRequestError } from '../../base/errors.js';
import { isJsonObject } from '../../base/json.js';
import { assertObject } from '../../base/options.js';
import { guard } from '../../http/guard.js';
import type { Middleware } from '../../http/middleware.js';
import { assertScope } from '../../http/missing-scope.js';
import { resolveRequiredScope } from '../../token/claims/scope.js';

/**
 * Scope tokens that each tool requires, by the name of the tool: an array, or a space-separated string. An empty array
 * requires no scope token. `*` stands for all tools that are not listed.
 */
export type ToolScopes = Readonly<Record<string, string | readonly string[]>>;

/** Key that stands for all tools that are not listed. Names of tools cannot contain this character. */
const OTHER_TOOLS = '*';

/** Methods of requests without a JSON-RPC message: opening and ending a session of an earlier protocol version. */
const WITHOUT_MESSAGE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS']);

/**
 * Guard that checks the scope of tool calls. It rejects a call without the scope of the tool with 403
 * `insufficient_scope`. The challenge names all scope tokens that the request requires, so that clients can request a
 * token with a wider scope (step-up authorization).
 *
 * Mount it after `authenticate()` and `express.json()`, and pass `req.body` to the transport. It rejects calls of tools
 * that are not listed with 403 `access_denied`, unless `tools` contains `*`. It rejects bodies that are not JSON-RPC
 * messages with 400 or 415. Messages that call no tool pass.
 *
 * @param tools scope tokens by the name of the tool
 * @throws TypeError if `tools` is not an object, or a scope token is malformed
 * @see Model Context Protocol 2026-07-28, Authorization, Scope Challenge Handling
 * @example
 * app.use('/mcp', authenticate(options), express.json(), requireToolScope({ list_notes: [], add_note: 'notes:write' }));
 */
export function requireToolScope(tools: ToolScopes): Middleware {
  const scopes = resolveToolScopes(tools);
  const scopeOf = (name: string): readonly string[] => {
    const scope = scopes.get(name) ?? scopes.get(OTHER_TOOLS);
    if (scope === undefined)
      throw new AccessDeniedError('The access token does not grant access to this tool');
    return scope;
  };
  return guard('requireToolScope', (token, _now, req) => {
    if (WITHOUT_MESSAGE.has(req.method)) return undefined;
    // One challenge for all calls: a client would otherwise need one authorization for each call of a batch.
    const required = listMessages(req.body).flatMap(listToolNames).flatMap(scopeOf);
    assertScope(token, [...new Set(required)]);
    return undefined;
  });
}

function resolveToolScopes(tools: ToolScopes): ReadonlyMap<string, readonly string[]> {
  assertObject(tools, 'requireToolScope: tools', "{ add_note: ['notes:write'] }");
  return new Map(
    Object.entries(tools).map(([name, scope]) => [
      name,
      resolveRequiredScope(scope, `requireToolScope: tools.${name}`),
    ]),
  );
}

/**
 * Return the messages of a parsed body. Protocol version 2025-03-26 has batches.
 *
 * A transport reads the body itself if no parser has. The guard must not pass a message that it has not seen.
 */
function listMessages(body: unknown): readonly object[] {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array)
    throw new InvalidRequestError('The body must be JSON with the media type application/json', {
      status: 415,
    });
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body];
  if (messages.length > 0 && messages.every(isMessage)) return messages;
  throw new InvalidRequestError('The body must be a JSON-RPC message');
}

/** Whether a value is a request, a notification or a response (JSON-RPC 2.0 §4, §5). */
function isMessage(value: unknown): value is object {
  if (!isJsonObject(value)) return false;
  return Object.hasOwn(value, 'method')
    ? typeof value['method'] === 'string'
    : Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error');
}

/** Return the name of the tool that a message calls. @throws InvalidRequestError if the name is missing. */
function listToolNames(message: object): readonly string[] {
  if (Reflect.get(message, 'method') !== 'tools/call') return [];
  const params: unknown = Reflect.get(message, 'params');
  const name: unknown = isJsonObject(params) ? params['name'] : undefined;
  if (typeof name === 'string') return [name];
  throw new InvalidRequestError('tools/call requires the name of a tool');
}
