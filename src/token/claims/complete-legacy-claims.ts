import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../base/json.js';
import { keyIdOfName } from './key-id-of-name.js';
import { DEFAULT_RATE_LIMITS } from './rate-limits.js';
import type { TokenType } from './token-type-names.js';

/** Token types for legacy tokens without `type`. `delegation` is excluded, because it requires a list of ancestors. */
export type LegacyTokenType = Exclude<TokenType, 'delegation' | 'external'>;

/** Default claims for legacy tokens. */
export interface LegacyClaims {
  readonly issuer: string;
  readonly audience: string;
  readonly type: LegacyTokenType;
}

/** Default `iat`. Every revocation cut-off and every maximum token age applies to a token with this value. */
const UNKNOWN_ISSUE_TIME = 0;

/** Default values of the claims that each type requires. They allow no models, functions or endpoints. */
const PROMISED_CLAIMS: ReadonlyMap<unknown, JsonObject> = new Map([
  ['tiered_model_exec', promise('allowed_models')],
  ['function_call', promise('allowed_functions')],
  ['api_call', promise('allowed_endpoints')],
]);

/**
 * Add the claims that a legacy token lacks. Existing claims are not changed. `exp` is never added. The default `jti`
 * is the SHA-256 of the token in base64url.
 *
 * The default `client_id` is the issuer for users, and the `sub` of a service token. For other tokens, it is derived from `api_key_name`, like
 * the `key_id` of an API key. The default `sub` is the client (RFC 9068 §2.2). Without a client, neither claim is
 * added.
 *
 * @param claims deeply frozen claims of an authentic token.
 * @returns deeply frozen claims.
 */
export function completeLegacyClaims(claims: JsonObject, supplied: LegacyClaims, token: string): JsonObject {
  const type = Object.hasOwn(claims, 'type') ? claims['type'] : supplied.type;
  const clientId = claims['client_id'] ?? findClientId(claims, type);
  return Object.freeze({
    iss: supplied.issuer,
    aud: supplied.audience,
    iat: UNKNOWN_ISSUE_TIME,
    ...(Object.hasOwn(claims, 'jti') ? {} : { jti: digestOf(token) }),
    ...(supplied.type === 'foreign' ? {} : { type: supplied.type }),
    ...(type === 'user' ? { client_id: supplied.issuer } : defaultIdentities(clientId)),
    ...PROMISED_CLAIMS.get(type),
    ...claims,
  });
}

function defaultIdentities(clientId: JsonValue | undefined): JsonObject {
  return clientId === undefined ? {} : { client_id: clientId, sub: clientId };
}

function promise(allowedClaim: string): JsonObject {
  return Object.freeze({ [allowedClaim]: Object.freeze([]), rate_limits: DEFAULT_RATE_LIMITS });
}

function findClientId({ api_key_name: name, sub }: JsonObject, type: unknown): string | undefined {
  if (type === 'service' && typeof sub === 'string') return sub;
  return (typeof name === 'string' && keyIdOfName(name)) || undefined;
}

/**
 * Return the SHA-256 digest of a token in base64url, the default `jti`. Re-encoding a token cannot change its digest:
 * non-canonical base64url is rejected, and the tag covers the encoded header.
 */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
