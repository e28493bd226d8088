import { PassportJweError } from '../../base/errors.js';
import { assertOptions, type KnownOptions } from '../../base/options.js';
import type { NoClaims } from '../../token/claims/verified-token.js';
import { remedyForOption } from '../../verify/remedy-for-option.js';
import { createTokenVerifier } from '../../verify/token-verifier.js';
import { type TokenVerifierOptions, VERIFIER_OPTIONS } from '../../verify/token-verifier-options.js';
import { type AuthInfo, describeAuthInfo } from './auth-info.js';

/** Code of an OAuth error that `verifyAccessToken()` throws. */
export type McpErrorCode = 'invalid_token' | 'access_denied' | 'server_error';

/**
 * Options of `tokenVerifier()`: those of `createTokenVerifier()`, and the errors of the SDK.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 */
export interface McpTokenVerifierOptions<Claims extends object = NoClaims>
  extends TokenVerifierOptions<Claims> {
  /**
   * Creates an error of the SDK, whose `requireBearerAuth()` recognizes only its own errors. For SDK 2, return
   * `new OAuthError(code, message)`. For SDK 1, return `new InvalidTokenError(message)` for the code `invalid_token`,
   * `new AccessDeniedError(message)` for `access_denied`, and `new ServerError(message)` for `server_error`.
   */
  readonly createError: (code: McpErrorCode, message: string) => Error;
}

/** Verifier for the option `verifier` of `requireBearerAuth()`: `OAuthTokenVerifier` of both MCP SDKs. */
export interface McpTokenVerifier {
  /**
   * Decrypt and validate a token.
   *
   * @throws an error from `createError` (as rejection): `invalid_token` for a rejected token, `access_denied` for a valid
   *   token that names no client, `server_error` if a key or a revocation cannot be looked up, or a limit is exceeded
   */
  verifyAccessToken(token: string): Promise<AuthInfo>;
}

const KNOWN: KnownOptions<McpTokenVerifierOptions<object>> = { ...VERIFIER_OPTIONS, createError: true };

/**
 * Create a token verifier for `requireBearerAuth()` of an MCP SDK, in applications that cannot mount `authenticate()`. It
 * rejects tokens with `cnf`, because it does not see the request that must prove possession of the key.
 *
 * An outage or an exceeded limit is an error `server_error`, to which the SDKs respond with 500, and never a verdict on the
 * token. A new token would not help against `access_denied`, to which the SDKs respond with 400, so clients do not retry.
 *
 * @typeParam Claims custom claims of the accepted tokens. Inferred from `claimsSchema`.
 * @throws TypeError if an option is missing, unknown or malformed
 * @example
 * const verifier = tokenVerifier({
 *   keyRing,
 *   issuer,
 *   audience,
 *   createError: (code, message) => new OAuthError(code, message),
 * });
 * const resourceMetadataUrl = protectedResourceUrl(audience);
 * app.use('/mcp', requireBearerAuth({ verifier, expectedResource: new URL(audience), resourceMetadataUrl }));
 */
export function tokenVerifier<Claims extends object = NoClaims>(
  options: McpTokenVerifierOptions<Claims>,
): McpTokenVerifier;
export function tokenVerifier(options: McpTokenVerifierOptions<object>): McpTokenVerifier {
  assertOptions(options, KNOWN, 'tokenVerifier', remedyForOption);
  const { createError, ...verification } = options;
  if (typeof createError !== 'function')
    throw new TypeError(
      'tokenVerifier: createError must be a function, for example (code, message) => new OAuthError(code, message)',
    );
  const verifier = createTokenVerifier(verification);
  return Object.freeze({
    async verifyAccessToken(token: string) {
      try {
        return describeAuthInfo(await verifier.verify(token), token);
      } catch (failure) {
        if (!(failure instanceof PassportJweError)) throw failure;
        throw createError(codeFor(failure), failure.message);
      }
    },
  });
}

/** Return the code of a failure. Clients discard a token after `invalid_token`, and request a new one. */
function codeFor({ status }: PassportJweError): McpErrorCode {
  if (status === 429 || status >= 500) return 'server_error';
  return status === 403 ? 'access_denied' : 'invalid_token';
}
