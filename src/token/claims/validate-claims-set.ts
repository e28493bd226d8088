import { isNumericDate, type NumericDate } from '../../base/clock.js';
import { InvalidTokenError } from '../../base/errors.js';
import type { JsonObject } from '../../base/json.js';
import type { RejectionDetail, TokenRejection } from '../../base/rejections.js';
import { type ClaimsPolicy, normalizeTyp } from './claims-policy.js';
import { ACCESS_TOKEN_TYP, type ClaimsSet, REFRESH_TOKEN_TYP } from './claims-set.js';
import { assertConfirmed, type Sender } from './confirmation.js';
import { isSameScope, isScopeToken, parseAuthenticScope } from './scope.js';
import { narrowByType, narrowToExternal } from './token-types.js';
import type { VerifiedToken } from './verified-token.js';

/** Token with a valid tag. The claims are not validated yet. */
export interface AuthenticToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** Key of the key ring that encrypts the token. Its audience restricts the claims. Absent for a trusted issuer. */
  readonly key?: { readonly audience?: string };
  /** Header of the nested JWS, which the issuer signed. Absent if there is no nested JWS. */
  readonly signedHeader?: JsonObject;
}

/**
 * Validate the claims of an authentic token (RFC 7519 §7.2, RFC 9068 §4). Check issuer and audience before the times,
 * so that only tokens for this verifier are reported as expired.
 *
 * @throws InvalidTokenError if a claim is missing, malformed or not accepted.
 */
export function validateClaimsSet(
  token: AuthenticToken,
  policy: ClaimsPolicy,
  now: NumericDate,
  sender?: Sender,
): VerifiedToken {
  const { header, claims, signedHeader } = token;
  const { external } = policy;
  if (signedHeader !== undefined) assertOuterTyp(header['typ'], policy);
  assertTyp((signedHeader ?? header)['typ'], claims, policy);
  assertRegisteredClaims(claims, external !== undefined);
  assertIssuerAndAudience(claims, token, policy);
  assertTimes(claims, policy, now);
  if (claims['cnf'] !== undefined || sender !== undefined) assertConfirmed(claims, sender);
  const scope = readScope(claims, policy);
  const exposed = exposeAudiences(claims, policy);
  const verified =
    external === undefined
      ? narrowByType(exposed, header, scope)
      : narrowToExternal(exposed, header, { ...external, scope, scopeClaim: policy.scopeClaim });
  assertRequiredClaims(verified.claims, policy);
  return verified;
}

function assertTyp(typ: unknown, claims: JsonObject, policy: ClaimsPolicy): void {
  const { external } = policy;
  // No policy accepts the type of refresh tokens, so an exact match needs no normalisation.
  const isAccepted = typeof typ === 'string' && policy.typs.has(typ);
  const normalized = isAccepted || typeof typ !== 'string' ? typ : normalizeTyp(typ);
  const isRefresh = external === undefined && claims['type'] === 'refresh';
  if (normalized === REFRESH_TOKEN_TYP || isRefresh) throw new InvalidTokenError('refresh_token');
  if (external !== undefined && normalized !== ACCESS_TOKEN_TYP) assertNoIdToken(claims);
  if (normalized === undefined && external?.acceptsMissingTyp === true) return;
  if (typeof normalized !== 'string' || !policy.typs.has(normalized)) {
    throw new InvalidTokenError('wrong_typ', undefined, { expected: policy.typs, ...foundOf(normalized) });
  }
}

/** Claims that only ID tokens have (OpenID Connect Core §2, §3.3.2.11). */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash'];

/**
 * Assert that a token is not an ID token, which an issuer can sign and encrypt like an access token (RFC 8725 §3.11).
 *
 * @throws InvalidTokenError if the token has a claim that only ID tokens have.
 */
export function assertNoIdToken(claims: JsonObject): void {
  const claim = ID_TOKEN_CLAIMS.find((name) => Object.hasOwn(claims, name));
  if (claim !== undefined) throw new InvalidTokenError('id_token', undefined, { claim });
}

/** Assert that the outer `typ` of a nested JWT is absent, `JWT` or an accepted type (RFC 8725 §3.11). */
function assertOuterTyp(typ: unknown, policy: ClaimsPolicy): void {
  if (typ === undefined) return;
  const normalized = typeof typ === 'string' ? normalizeTyp(typ) : '';
  if (normalized !== 'jwt' && !policy.typs.has(normalized)) {
    throw new InvalidTokenError('wrong_typ', undefined, { expected: policy.typs, found: normalized });
  }
}

function foundOf(value: unknown): RejectionDetail {
  return typeof value === 'string' ? { found: value } : {};
}

/** Assert that the registered claims are present and well-formed. Ignore the `type` of an external token. */
function assertRegisteredClaims(
  claims: JsonObject,
  isExternal: boolean,
): asserts claims is JsonObject & ClaimsSet {
  const { iss, aud, exp, iat, jti } = claims;
  if (iss === undefined || aud === undefined || exp === undefined || iat === undefined || jti === undefined) {
    throw new InvalidTokenError('claim_missing', undefined, findMissingClaim({ iss, aud, exp, iat, jti }));
  }
  const malformed = findMalformedClaim(claims, isExternal);
  if (malformed !== undefined) {
    throw new InvalidTokenError('claim_malformed', undefined, { claim: malformed });
  }
}

function findMalformedClaim(claims: JsonObject, isExternal: boolean): string | undefined {
  const { iss, aud, exp, iat, jti, nbf, scope } = claims;
  if (!isText(iss)) return 'iss';
  if (!isText(jti)) return 'jti';
  if (!isAudience(aud)) return 'aud';
  if (!isNumericDate(exp)) return 'exp';
  if (!isNumericDate(iat)) return 'iat';
  if (nbf !== undefined && !isNumericDate(nbf)) return 'nbf';
  if (scope !== undefined && typeof scope !== 'string' && !(isExternal && Array.isArray(scope)))
    return 'scope';
  if (!isTextOrAbsent(claims['sub'])) return 'sub';
  if (!isTextOrAbsent(claims['client_id'])) return 'client_id';
  if (!isExternal && !isTextOrAbsent(claims['type'])) return 'type';
  return isTextOrAbsent(claims['session_id']) ? undefined : 'session_id';
}

function findMissingClaim(claims: Readonly<Record<string, unknown>>): RejectionDetail {
  const [claim = ''] = Object.keys(claims).filter((name) => claims[name] === undefined);
  return { claim };
}

/** Assert an accepted issuer and audience. If the key is bound to an audience, `aud` must be that audience alone. */
function assertIssuerAndAudience(
  { iss, aud }: ClaimsSet,
  { key }: AuthenticToken,
  policy: ClaimsPolicy,
): void {
  if (!policy.issuers.has(iss)) {
    throw new InvalidTokenError('wrong_issuer', undefined, { expected: policy.issuers, found: iss });
  }
  const isForUs =
    typeof aud === 'string' ? policy.audiences.has(aud) : aud.some((one) => policy.audiences.has(one));
  const bound = key?.audience;
  if (!isForUs || !isForKey(aud, bound)) {
    const expected = isForUs && bound !== undefined ? bound : policy.audiences;
    throw new InvalidTokenError('wrong_audience', undefined, { expected, found: aud });
  }
}

function isForKey(aud: ClaimsSet['aud'], audience: string | undefined): boolean {
  if (audience === undefined || aud === audience) return true;
  return typeof aud !== 'string' && aud.length === 1 && aud[0] === audience;
}

/** Remove audiences that are not configured for the issuer, so that guards and handlers do not see them. */
function exposeAudiences(claims: ClaimsSet, { audiences }: ClaimsPolicy): ClaimsSet {
  const { aud } = claims;
  if (typeof aud === 'string') return claims;
  const configured = aud.filter((one) => audiences.has(one));
  return configured.length === aud.length
    ? claims
    : Object.freeze({ ...claims, aud: Object.freeze(configured) });
}

/** Check `exp`, `nbf` and `iat` (RFC 7519 §4.1.4 to §4.1.6). Reject every token if the clock returns NaN. */
function assertTimes(claims: ClaimsSet, policy: ClaimsPolicy, now: NumericDate): void {
  const { clockToleranceSeconds: tolerance, maxTokenAgeSeconds, maxTokenLifetimeSeconds } = policy;
  const { exp, iat, nbf } = claims;
  if (exp - iat > maxTokenLifetimeSeconds) {
    throw outOfTime('lifetime_too_long', exp - iat, maxTokenLifetimeSeconds);
  }
  if (!(exp + tolerance > now)) throw outOfTime('expired', now - exp, tolerance);
  if (nbf !== undefined && nbf - tolerance > now) throw outOfTime('not_yet_valid', nbf - now, tolerance);
  if (iat - tolerance > now) throw outOfTime('issued_in_future', iat - now, tolerance);
  if (now - iat > maxTokenAgeSeconds + tolerance) {
    throw outOfTime('too_old', now - iat, maxTokenAgeSeconds + tolerance);
  }
}

/** Name durations, which do not tell when the user was active. */
function outOfTime(reason: TokenRejection, seconds: number, maximum: number): InvalidTokenError {
  const detail = { expected: `at most ${Math.round(maximum)} s`, found: `${Math.ceil(seconds)} s` };
  return new InvalidTokenError(reason, undefined, detail);
}

function assertRequiredClaims(claims: ClaimsSet, policy: ClaimsPolicy): void {
  for (const name of policy.requiredClaims) {
    if (!Object.hasOwn(claims, name)) {
      throw new InvalidTokenError('claim_missing', undefined, { claim: name });
    }
  }
}

/** Return the granted scope. For a trusted issuer, map its scope tokens to ours, and remove all others. */
function readScope(claims: ClaimsSet, policy: ClaimsPolicy): readonly string[] {
  const scope = readGrantedScope(claims, policy);
  const { external } = policy;
  if (external === undefined) return scope;
  const granted = new Set<string>();
  for (const token of scope) {
    for (const ours of external.scopes.get(token) ?? []) granted.add(ours);
  }
  return [...granted];
}

/**
 * Read `scope`, or the configured scope claim. If both are present, they must contain the same scope tokens. For a
 * trusted issuer, read only the configured claim, because its `scope` can have a different meaning.
 */
function readGrantedScope(claims: ClaimsSet, policy: ClaimsPolicy): readonly string[] {
  const { scopeClaim } = policy;
  if (policy.external !== undefined) return parseScopeClaim(scopeClaim, keepScopeTokens(claims[scopeClaim]));
  const scope = parseScopeClaim('scope', claims.scope);
  if (scopeClaim === 'scope' || claims[scopeClaim] === undefined) return scope;
  const named = parseScopeClaim(scopeClaim, claims[scopeClaim]);
  if (claims.scope !== undefined && !isSameScope(named, scope)) throw new InvalidTokenError('scope_conflict');
  return named;
}

/** Remove names from an array that no scope can contain, for example groups with a space. They are never granted. */
function keepScopeTokens(scope: unknown): unknown {
  return Array.isArray(scope)
    ? scope.filter((name) => typeof name !== 'string' || isScopeToken(name))
    : scope;
}

function parseScopeClaim(claim: string, value: unknown): readonly string[] {
  const scope = parseAuthenticScope(value === undefined ? '' : value);
  if (scope === undefined) throw new InvalidTokenError('claim_malformed', undefined, { claim });
  return scope;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || isText(value);
}

function isAudience(value: unknown): boolean {
  return isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText));
}
