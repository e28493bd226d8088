import { createHash } from 'node:crypto';
import type { JsonObject } from '../../base/json.js';
import { DEFAULT_RATE_LIMITS, type TokenType } from './claims-set.js';
import { keyIdOfName } from './key-id-of-name.js';

/** What a token of another stack may be, where it says no `type`. A delegated one would have to name its ancestors. */
export type LegacyTokenType = Exclude<TokenType, 'delegation' | 'external'>;

/** What is supplied to tokens of another stack that do not say it themselves. */
export interface LegacyClaims {
  readonly issuer: string;
  readonly audience: string;
  readonly type: LegacyTokenType;
}

/** Such a token was issued before every cut-off of a revocation, and is older than every maximum. */
const UNKNOWN_ISSUE_TIME = 0;

/** What the claims of a type must hold; nothing is allowed that the token does not list. */
const PROMISED_CLAIMS: ReadonlyMap<unknown, JsonObject> = new Map([
  ['tiered_model_exec', promise('allowed_models')],
  ['function_call', promise('allowed_functions')],
  ['api_call', promise('allowed_endpoints')],
]);

/**
 * Adds the claims that a token of another stack lacks; those that it has stay, to be validated like those of any
 * token. `exp` is never added. `jti` is the SHA-256 of the token in base64url, `client_id` comes of `api_key_name` as
 * the `key_id` of an API key does or, where a service speaks, of `sub`; `sub` is then the client itself (RFC 9068
 * section 2.2). Where neither is there, both are left out.
 * @param claims of an authentic token, deeply frozen, as the result is.
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

/** A token has one spelling and so one digest: base64url is canonical, and the tag covers the encoded header. */
function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
