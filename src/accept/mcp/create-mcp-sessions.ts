import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AccessDeniedError, InvalidRequestError } from '../../base/errors.js';
import { assertOptions, type KnownOptions } from '../../base/options.js';
import { verifiedToken } from '../../http/find-verified-token.js';
import { guard } from '../../http/guard.js';
import type { Middleware } from '../../http/middleware.js';
import { readFields } from '../../http/read-fields.js';
import type { VerifiedToken } from '../../token/claims/verified-token.js';

/** Options of `createMcpSessions()`. */
export interface McpSessionsOptions {
  /**
   * Secret that binds session IDs to callers: at least 32 bytes. Set it if several processes serve the same sessions.
   *
   * @default 32 random bytes (session IDs are valid in this process only)
   */
  readonly secret?: Uint8Array;
}

/** Session IDs of an MCP server. Each ID is bound to the issuer, subject and client of a token. */
export interface McpSessions {
  /**
   * Create a session ID for the caller of a request, for the option `sessionIdGenerator` of a transport.
   *
   * @throws MissingCredentialsError (401) if no authentication ran, or the request is anonymous
   * @throws AccessDeniedError (403) if the token names neither a subject nor a client
   */
  newId(req: IncomingMessage): string;
  /**
   * Guard that rejects a session ID of a different caller, and a session ID that `newId()` has not created, with 404.
   * Requests without the header `Mcp-Session-Id` pass. Mount it after `authenticate()`.
   */
  readonly guard: Middleware;
}

const KNOWN: KnownOptions<McpSessionsOptions> = { secret: true };
const MIN_SECRET_BYTES = 32;
const NONCE_BYTES = 16;

/** `<nonce>.<MAC>` in base64url: visible ASCII, as the protocol requires. */
const SESSION_ID = /^([\w-]{22})\.([\w-]{43})$/;

/**
 * Bind the session IDs of an MCP server to their callers, so that a stolen session ID is useless with the token of a
 * different issuer, subject or client. Nothing is stored: a session ID contains a MAC.
 *
 * Sessions exist in the protocol versions 2025-03-26 to 2025-11-25. Later versions have no session IDs.
 *
 * @throws TypeError if an option is unknown or malformed
 * @see Model Context Protocol, Security Best Practices, Session Hijacking
 * @example
 * const sessions = createMcpSessions();
 * app.use('/mcp', authenticate(options), sessions.guard);
 * app.post('/mcp', async (req, res) => {
 *   const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => sessions.newId(req) });
 * });
 */
export function createMcpSessions(options: McpSessionsOptions = {}): McpSessions {
  assertOptions(options, KNOWN, 'createMcpSessions');
  const { secret = randomBytes(MIN_SECRET_BYTES) } = options;
  if (!(secret instanceof Uint8Array) || secret.byteLength < MIN_SECRET_BYTES)
    throw new TypeError(
      `createMcpSessions: secret must be a Uint8Array of at least ${MIN_SECRET_BYTES} bytes, for example randomBytes(32)`,
    );
  const key = Uint8Array.from(secret);
  const macOf = (nonce: string, caller: string): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([nonce, caller]))
      .digest();

  const isBound = (id: string, token: VerifiedToken): boolean => {
    const [, nonce, mac] = SESSION_ID.exec(id) ?? [];
    const caller = identifyCaller(token);
    if (nonce === undefined || mac === undefined || caller === undefined) return false;
    return timingSafeEqual(Buffer.from(mac, 'base64url'), macOf(nonce, caller));
  };

  const requireBoundSession = guard('sessions.guard', (token, _now, req) => {
    const ids = readFields(req, 'mcp-session-id');
    const [id = ''] = ids;
    const passes = ids.length === 0 || (ids.length === 1 && isBound(id, token));
    // The response is the same for an unknown session and for that of a different caller.
    if (!passes) throw new InvalidRequestError('Session not found', { status: 404 });
    return undefined;
  });

  return Object.freeze({
    newId(req: IncomingMessage): string {
      const caller = identifyCaller(verifiedToken(req));
      if (caller === undefined)
        throw new AccessDeniedError('The access token names no subject and no client');
      const nonce = randomBytes(NONCE_BYTES).toString('base64url');
      return `${nonce}.${macOf(nonce, caller).toString('base64url')}`;
    },
    guard: requireBoundSession,
  });
}

/** Identify the caller by issuer, subject and client: subjects are unique only within an issuer (RFC 7519 §4.1.2). */
function identifyCaller({ claims }: VerifiedToken): string | undefined {
  const { iss, sub, client_id: clientId } = claims;
  if (sub === undefined && clientId === undefined) return undefined;
  return JSON.stringify([iss, sub ?? null, clientId ?? null]);
}
