import { randomUUID } from 'node:crypto';
import type { NumericDate } from '../../base/clock.js';
import { freezeJson, isJsonObject, type JsonObject } from '../../base/json.js';
import { assertPositiveNumber } from '../../base/options.js';
import { type IssuedClaims, type IssuedTokenType, RESERVED_CLAIMS } from './claims-set.js';
import { formatScope, isScopeToken } from './scope.js';

/** What one token is to say. */
export interface ClaimsRequest {
  /** Kind of token; the claims must be those that it promises. */
  readonly type: IssuedTokenType;
  /** One audience a token. */
  readonly audience: string;
  readonly subject: string;
  /** `key_id` of the API key. */
  readonly clientId: string;
  /** Tokens of the scope; empty for a token that authorises nothing by scope. */
  readonly scope: readonly string[];
  /** Seconds from `iat` to `exp`, rounded down. At most `maxTokenLifetimeSeconds` of the key ring and of the issuer. */
  readonly lifetimeSeconds: number;
  /** The claims of its type, and those that the application adds. */
  readonly claims: JsonObject;
}

/** Custom claims nest no deeper than this. */
const MAX_CUSTOM_DEPTH = 8;

/**
 * Builds a claims set (RFC 7519 section 4, RFC 9068 section 2.2): whole seconds, a random `jti`, `nbf` equal to
 * `iat`. What the caller passed in is never changed, and never overrides a registered claim.
 * @throws TypeError for a lifetime that is no positive number, or a scope that is not made of scope tokens.
 */
export function buildClaimsSet(
  request: ClaimsRequest,
  { issuer, now }: { readonly issuer: string; readonly now: NumericDate },
): IssuedClaims {
  const { type, audience, subject, clientId, scope, lifetimeSeconds, claims } = request;
  assertPositiveNumber(lifetimeSeconds, 'issue', 'lifetimeSeconds', 900);
  if (Object.hasOwn(claims, 'provenance')) throw new TypeError('The claim provenance is reserved');
  if (!scope.every(isScopeToken)) throw new TypeError('scope must be an array of scope tokens');
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
  // Of an object that a spread began, freezing takes 10 µs on Node 20, as much as encrypting it.
  return Object.freeze(Object.assign({}, others, registered));
}

/** A copy, which costs as much as all the rest: few applications pass claims of that name. */
function withoutScope({ scope: _, ...others }: JsonObject): JsonObject {
  return others;
}

/**
 * Takes over the claims that an application adds, as a frozen copy.
 * @throws TypeError where they are no JSON object, nest deeper than 8 levels, or use a name that this package
 *   reads or writes itself.
 */
export function copyCustomClaims(claims: unknown): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(claims) ?? 'null');
  if (!isJsonObject(claims) || !isJsonObject(copy)) throw new TypeError('Custom claims must be an object');
  for (const name of Object.keys(copy)) {
    if (RESERVED_CLAIMS.has(name)) throw new TypeError(`The claim ${name} is reserved`);
  }
  if (!freezeJson(copy, MAX_CUSTOM_DEPTH)) {
    throw new TypeError(`Custom claims must not nest deeper than ${MAX_CUSTOM_DEPTH} levels`);
  }
  return copy;
}
