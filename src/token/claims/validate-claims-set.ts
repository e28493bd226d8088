import { isNumericDate, type NumericDate } from '../../base/clock.js';
import { InvalidTokenError } from '../../base/errors.js';
import type { JsonObject } from '../../base/json.js';
import { isAsymmetricAlgorithm } from '../../keys/content-key.js';
import { type ClaimsPolicy, normalizeTyp } from './claims-policy.js';
import { type ClaimsSet, REFRESH_TOKEN_TYP } from './claims-set.js';
import { isSameScope, parseAuthenticScope } from './scope.js';
import { narrowByType, narrowToExternal } from './token-types.js';
import type { VerifiedToken } from './verified-token.js';

/** A token whose tag verified. */
export interface AuthenticToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** What its key was made for: nothing else may be claimed under it. */
  readonly key: { readonly audience?: string; readonly alg?: string };
  /** Header of the JWS that was nested in it: it is what the issuer signed. */
  readonly signedHeader?: JsonObject;
}

/**
 * Decides whether an authentic token is valid here and now (RFC 7519 section 7.2, RFC 9068 section 4). What
 * identifies the token is checked before its times, so that only a token of ours is told that it expired.
 * @throws InvalidTokenError
 */
export function validateClaimsSet(
  token: AuthenticToken,
  policy: ClaimsPolicy,
  now: NumericDate,
): VerifiedToken {
  const { header, claims, signedHeader } = token;
  const isExternal = policy.grantableScopes !== undefined;
  if (isExternal) assertOfOtherParty(token);
  if (signedHeader !== undefined) assertOuterTyp(header['typ'], policy);
  assertTyp((signedHeader ?? header)['typ'], isExternal ? undefined : claims['type'], policy);
  assertRegisteredClaims(claims, isExternal);
  assertIssuerAndAudience(claims, token, policy);
  assertTimes(claims, policy, now);
  assertNotKeyBound(claims);
  const scope = readScope(claims, policy);
  const exposed = exposeAudiences(claims, policy);
  const verified = isExternal
    ? narrowToExternal(exposed, header, { scope, scopeClaim: policy.scopeClaim })
    : narrowByType(exposed, header, scope);
  assertRequiredClaims(verified.claims, policy);
  return verified;
}

/** A shared key proves nothing between parties: the token is signed, and encrypted to a public key of ours. */
function assertOfOtherParty({ key, signedHeader }: AuthenticToken): void {
  if (signedHeader === undefined) throw new InvalidTokenError('not_signed');
  if (!isAsymmetricAlgorithm(key.alg)) throw new InvalidTokenError('algorithm');
}

function assertTyp(typ: unknown, type: unknown, policy: ClaimsPolicy): void {
  // No policy accepts the type of refresh tokens, so that one which is accepted as it stands needs no other look.
  const isAccepted = typeof typ === 'string' && policy.typs.has(typ);
  const normalized = isAccepted || typeof typ !== 'string' ? typ : normalizeTyp(typ);
  if (normalized === REFRESH_TOKEN_TYP || type === 'refresh') throw new InvalidTokenError('refresh_token');
  if (typeof normalized !== 'string' || !policy.typs.has(normalized))
    throw new InvalidTokenError('wrong_typ');
}

/** What encrypts a nested JWT may say no more than that it is one, or repeat its type (RFC 8725 section 3.11). */
function assertOuterTyp(typ: unknown, policy: ClaimsPolicy): void {
  if (typ === undefined) return;
  const normalized = typeof typ === 'string' ? normalizeTyp(typ) : '';
  if (normalized !== 'jwt' && !policy.typs.has(normalized)) throw new InvalidTokenError('wrong_typ');
}

/** What an external token says of its type is not looked at. */
function assertRegisteredClaims(
  claims: JsonObject,
  isExternal: boolean,
): asserts claims is JsonObject & ClaimsSet {
  const { iss, aud, exp, iat, jti, nbf, scope } = claims;
  if (iss === undefined || aud === undefined || exp === undefined || iat === undefined || jti === undefined) {
    throw new InvalidTokenError('claim_missing');
  }
  const wellFormed =
    isText(iss) &&
    isText(jti) &&
    isAudience(aud) &&
    isNumericDate(exp) &&
    isNumericDate(iat) &&
    (nbf === undefined || isNumericDate(nbf)) &&
    (scope === undefined || typeof scope === 'string') &&
    isTextOrAbsent(claims['sub']) &&
    isTextOrAbsent(claims['client_id']) &&
    (isExternal || isTextOrAbsent(claims['type'])) &&
    isTextOrAbsent(claims['session_id']);
  if (!wellFormed) throw new InvalidTokenError('claim_malformed');
}

/** One audience of the token must be ours; a key that is bound to an audience is good for exactly that one. */
function assertIssuerAndAudience(
  { iss, aud }: ClaimsSet,
  { key }: AuthenticToken,
  policy: ClaimsPolicy,
): void {
  if (!policy.issuers.has(iss)) throw new InvalidTokenError('wrong_issuer');
  const isForUs =
    typeof aud === 'string' ? policy.audiences.has(aud) : aud.some((one) => policy.audiences.has(one));
  if (!isForUs || !isForKey(aud, key.audience)) throw new InvalidTokenError('wrong_audience');
}

function isForKey(aud: ClaimsSet['aud'], audience: string | undefined): boolean {
  if (audience === undefined || aud === audience) return true;
  return typeof aud !== 'string' && aud.length === 1 && aud[0] === audience;
}

/** Guards and handlers see only audiences that are configured for the issuer: it speaks for no others here. */
function exposeAudiences(claims: ClaimsSet, { audiences }: ClaimsPolicy): ClaimsSet {
  const { aud } = claims;
  if (typeof aud === 'string') return claims;
  const configured = aud.filter((one) => audiences.has(one));
  return configured.length === aud.length
    ? claims
    : Object.freeze({ ...claims, aud: Object.freeze(configured) });
}

/** RFC 7519 sections 4.1.4 to 4.1.6, each with the tolerance; a clock that yields no number lets nothing pass. */
function assertTimes(claims: ClaimsSet, policy: ClaimsPolicy, now: NumericDate): void {
  const { clockToleranceSeconds: tolerance, maxTokenAgeSeconds, maxTokenLifetimeSeconds } = policy;
  if (claims.exp - claims.iat > maxTokenLifetimeSeconds) throw new InvalidTokenError('lifetime_too_long');
  if (!(claims.exp + tolerance > now)) throw new InvalidTokenError('expired');
  if (claims.nbf !== undefined && claims.nbf - tolerance > now) throw new InvalidTokenError('not_yet_valid');
  if (claims.iat - tolerance > now) throw new InvalidTokenError('issued_in_future');
  if (now - claims.iat > maxTokenAgeSeconds + tolerance) throw new InvalidTokenError('too_old');
}

/** RFC 7800 section 3.1: such a token is for the holder of a key, and a plain bearer proves none. */
function assertNotKeyBound(claims: ClaimsSet): void {
  if (claims['cnf'] !== undefined) throw new InvalidTokenError('key_bound');
}

function assertRequiredClaims(claims: ClaimsSet, policy: ClaimsPolicy): void {
  for (const name of policy.requiredClaims) {
    if (!Object.hasOwn(claims, name)) throw new InvalidTokenError('claim_missing');
  }
}

/** What the issuer granted, as far as it may. */
function readScope(claims: ClaimsSet, policy: ClaimsPolicy): readonly string[] {
  const scope = readGrantedScope(claims, policy);
  const { grantableScopes } = policy;
  return grantableScopes === undefined ? scope : scope.filter((token) => grantableScopes.has(token));
}

/** `scope` alone, or the claim that the policy names; where both are present they must agree. */
function readGrantedScope(claims: ClaimsSet, policy: ClaimsPolicy): readonly string[] {
  const scope = parseScopeClaim(claims.scope);
  if (policy.scopeClaim === 'scope' || claims[policy.scopeClaim] === undefined) return scope;
  const named = parseScopeClaim(claims[policy.scopeClaim]);
  if (claims.scope !== undefined && !isSameScope(named, scope)) throw new InvalidTokenError('scope_conflict');
  return named;
}

function parseScopeClaim(value: unknown): readonly string[] {
  const scope = parseAuthenticScope(value === undefined ? '' : value);
  if (scope === undefined) throw new InvalidTokenError('claim_malformed');
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
