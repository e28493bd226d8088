import { createHash } from 'node:crypto';
import type { JsonObject } from '../../base/json.js';
import { DEFAULT_RATE_LIMITS, type TokenType } from './claims-set.js';
import { keyIdOfName } from './key-id-of-name.js';

/** Types for tokens of another stack without a `type`. Delegated tokens are excluded: they must name their ancestors. */
export type LegacyTokenType = Exclude<TokenType, 'delegation' | 'external'>;

/** Defaults for claims that tokens of another stack lack. */
export interface LegacyClaims {
  readonly issuer: string;
  readonly audience: string;
  readonly type: LegacyTokenType;
}

/** `iat` of a token without one. Every revocation cut-off covers it, and it exceeds every maximum age. */
const UNKNOWN_ISSUE_TIME = 0;

/** Required claims of each type. Their defaults allow no models, functions or endpoints. */
const PROMISED_CLAIMS: ReadonlyMap<unknown, JsonObject> = new Map([
  ['tiered_model_exec', promise('allowed_models')],
  ['function_call', promise('allowed_functions')],
  ['api_call', promise('allowed_endpoints')],
]);

/**
 * Adds the claims that a token of another stack lacks. Existing claims are kept and validated like those of other tokens.
 * `exp` is never added. `jti` is the SHA-256 of the token in base64url.
 *
 * `client_id` is derived from `api_key_name`, like the `key_id` of an API key, or is the `sub` of a service token. `sub` is
 * then the client (RFC 9068 §2.2). If there is no source for `client_id`, neither claim is added.
 *
 * @param claims claims of an authentic token, deeply frozen, as is the result.
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
    ...(clientId === undefined ? {} : { client_id: clientId, sub: clientId }),
    ...PROMISED_CLAIMS.get(type),
    ...claims,
  });
}

function promise(allowedClaim: string): JsonObject {
  return Object.freeze({ [allowedClaim]: Object.freeze([]), rate_limits: DEFAULT_RATE_LIMITS });
}

function findClientId({ api_key_name: name, sub }: JsonObject, type: unknown): string | undefined {
  if (type === 'service' && typeof sub === 'string') return sub;
  return (typeof name === 'string' && keyIdOfName(name)) || undefined;
}

/** Each token has exactly one digest: its base64url is canonical, and the tag covers the encoded header. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
