import { randomUUID } from 'node:crypto';
import type { NumericDate } from '../../base/clock.js';
import { freezeJson, isJsonObject, type JsonObject } from '../../base/json.js';
import { assertPositiveNumber } from '../../base/options.js';
import { type IssuedClaims, type IssuedTokenType, RESERVED_CLAIMS } from './claims-set.js';
import { formatScope, isScopeToken } from './scope.js';

/** Contents of a token to issue. */
export interface ClaimsRequest {
  /** Token type. `claims` must include every claim that the type requires. */
  readonly type: IssuedTokenType;
  /** Audience of the token. An issued token has exactly one. */
  readonly audience: string;
  readonly subject: string;
  /** `key_id` of the API key. */
  readonly clientId: string;
  /** Scope tokens. Empty for a token without scope. */
  readonly scope: readonly string[];
  /** Token lifetime (`exp - iat`) in seconds, rounded down. `maxTokenLifetimeSeconds` is the maximum. */
  readonly lifetimeSeconds: number;
  /** Claims that the token type requires, and custom claims of the application. */
  readonly claims: JsonObject;
}

/** Maximum nesting depth of custom claims. */
const MAX_CUSTOM_DEPTH = 8;

/**
 * Builds a claims set (RFC 7519 §4, RFC 9068 §2.2). Times are in whole seconds, `jti` is random, and `nbf` equals
 * `iat`. Custom claims never override registered claims. The arguments are not modified.
 *
 * @throws TypeError if the lifetime is not a positive number, the scope has a malformed scope token, or a claim is
 *   named `provenance`.
 */
export function buildClaimsSet(
  request: ClaimsRequest,
  { issuer, now }: { readonly issuer: string; readonly now: NumericDate },
): IssuedClaims {
  const { type, audience, subject, clientId, scope, lifetimeSeconds, claims } = request;
  assertPositiveNumber(lifetimeSeconds, 'issue', 'lifetimeSeconds', 900);
  if (Object.hasOwn(claims, 'provenance'))
    throw new TypeError('The claim provenance is reserved: choose another name');
  if (!scope.every(isScopeToken)) {
    throw new TypeError('issue: scope must be an array of scope tokens, for example ["read:reports"]');
  }
  const iat = Math.floor(now);
  const exp = Math.floor(iat + lifetimeSeconds);
  const registered = {
    type,
    iss: issuer,
    sub: subject,
    aud: audience,
    exp,
    nbf: iat,
    iat,
    jti: randomUUID(),
    client_id: clientId,
    permissions: Object.freeze([...scope]),
    ...(scope.length === 0 ? {} : { scope: formatScope(scope) }),
    ...(type === 'delegation' ? { expires_at: exp } : {}),
  };
  const others = Object.hasOwn(claims, 'scope') ? withoutScope(claims) : claims;
  // In V8, freezing an object literal that begins with a spread is as slow as encrypting the token.
  return Object.freeze(Object.assign({}, others, registered));
}

/** Copies the claims without `scope`. The copy doubles the cost, so call this only if the claim is present. */
function withoutScope({ scope: _, ...others }: JsonObject): JsonObject {
  return others;
}

/**
 * Copies and deeply freezes the custom claims of an application.
 *
 * @throws TypeError if the claims are not a JSON object, have more than 8 levels of nesting, or use a reserved name.
 */
export function copyCustomClaims(claims: unknown): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(claims) ?? 'null');
  if (!isJsonObject(claims) || !isJsonObject(copy))
    throw new TypeError('Custom claims must be a JSON object, for example { "tenant": "acme" }');
  for (const name of Object.keys(copy)) {
    if (RESERVED_CLAIMS.has(name)) throw new TypeError(`The claim ${name} is reserved: choose another name`);
  }
  if (!freezeJson(copy, MAX_CUSTOM_DEPTH)) {
    throw new TypeError(
      `Custom claims must have at most ${MAX_CUSTOM_DEPTH} levels of nesting: flatten them`,
    );
  }
  return copy;
}
