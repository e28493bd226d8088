import { isNumericDate } from '../base/clock.js';
import { findNonJson } from '../base/find-non-json.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { assertObject, assertOptions, assertString, type KnownOptions } from '../base/options.js';
import type { ClaimsRequest } from '../token/claims/build-claims-set.js';
import { RESERVED_CLAIMS } from '../token/claims/claims-set.js';
import { MAX_CLAIMS_DEPTH } from '../token/claims/parse-claims.js';
import {
  ISSUED_TOKEN_TYPES,
  type IssuedTokenType,
  isIssuedTokenType,
} from '../token/claims/token-type-names.js';
import { assertOrigin } from './assert-origin.js';
import {
  type ClientTokenRequest,
  type IssueRequest,
  isClientRequest,
  type UserTokenRequest,
} from './issue-request.js';
import { resolveConfirmation } from './resolve-confirmation.js';
import { type MaxLifetimes, resolveLifetime } from './resolve-lifetime.js';
import { resolveScope } from './resolve-scope.js';
import { assertIdentifier, assertUser, clientOfUsers } from './user-identity.js';

/** Settings of the issuer that a request depends on. */
export interface IssueDefaults {
  readonly issuer: string;
  /** @default undefined (every request names its audience) */
  readonly audience?: string | undefined;
  readonly maxLifetimes: MaxLifetimes;
}

const USER_MEMBERS: KnownOptions<UserTokenRequest> = {
  ...{ type: true, subject: true, audience: true, scope: true, lifetime: true },
  ...{
    sessionId: true,
    confirmation: true,
    claims: true,
    header: true,
    issuedAt: true,
    ip: true,
    requestId: true,
  },
};

const CLIENT_MEMBERS: KnownOptions<ClientTokenRequest> = {
  ...{ ...USER_MEMBERS, clientId: true, subjectAsserted: true, delegatedFrom: true, delegatedTo: true },
  ...{ previousApiKey: true, workload: true },
};

/** Options by misplaced name, such as the name of a JWT claim, for the remedy in error messages. */
const INSTEAD: Readonly<Record<string, string>> = {
  ...{ sub: 'subject', user: 'subject', userId: 'subject', id: 'subject' },
  ...{ aud: 'audience', resource: 'audience', scopes: 'scope', permissions: 'scope' },
  ...{ exp: 'lifetime', expiresIn: 'lifetime', expiresAt: 'lifetime', lifetimeSeconds: 'lifetime' },
  ttl: 'lifetime',
  ...{ iat: 'issuedAt', notBefore: 'issuedAt', nbf: 'issuedAt' },
  ...{ payload: 'claims', customClaims: 'claims', data: 'claims', client_id: 'clientId' },
  ...{ cnf: 'confirmation', jkt: 'confirmation' },
  ...{ session_id: 'sessionId', session: 'sessionId', headers: 'header' },
};

/** Remedies by reserved claim, for error messages. Claims of the token types are not listed. */
const SET_BY: Readonly<Record<string, string>> = {
  iss: 'set the option issuer of createTokenIssuer()',
  sub: 'set subject',
  aud: 'set audience',
  exp: 'set lifetime',
  nbf: 'set issuedAt',
  iat: 'set issuedAt',
  jti: 'every token gets a random one',
  client_id: 'set clientId',
  scope: 'set scope',
  permissions: 'set scope',
  type: 'set type',
  session_id: 'set sessionId',
  cnf: 'set confirmation',
  provenance: 'choose another name',
  device_id: 'choose another name',
  __proto__: 'choose another name',
};

/**
 * Validate a request to issue a token, and fill in the defaults.
 *
 * @throws TypeError if a member is unknown, missing or malformed. The message names the member and the remedy, and
 *   contains no value.
 */
export function resolveIssueRequest(request: IssueRequest, defaults: IssueDefaults): ClaimsRequest {
  assertObject(request, 'issue', '{ subject: user.id }');
  const type = resolveType(request.type);
  assertMembers(request, type);
  assertTimes(request);
  return {
    type,
    audience: resolveAudience(request.audience, defaults),
    subject: resolveSubject(request.subject, type, defaults),
    clientId: resolveClient(request, defaults),
    scope: resolveScope(request.scope, 'issue'),
    lifetimeSeconds: resolveLifetime(request.lifetime, defaults.maxLifetimes, 'issue'),
    sessionId: request.sessionId,
    confirmation: resolveConfirmation(request.confirmation, 'issue'),
    claims: resolveClaims(request, type),
  };
}

function resolveType(type: unknown = 'user'): IssuedTokenType {
  if (isIssuedTokenType(type)) return type;
  throw new TypeError(
    `issue: type must be one of ${ISSUED_TOKEN_TYPES.join(', ')}: omit it for a token of type user`,
  );
}

function assertMembers(request: object, type: IssuedTokenType): void {
  const members = type === 'user' ? USER_MEMBERS : CLIENT_MEMBERS;
  const isMisplaced = (name: string) => Object.hasOwn(CLIENT_MEMBERS, name) && !Object.hasOwn(members, name);
  const misplaced = Object.keys(request).find(isMisplaced);
  if (misplaced !== undefined) {
    throw new TypeError(`issue: ${misplaced} is not allowed in a token of type user: remove it, or set type`);
  }
  assertOptions(request, CLIENT_MEMBERS, 'issue', (name) => remedyFor(name, members));
}

function remedyFor(name: string, members: object): string {
  const instead = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined;
  if (instead !== undefined && Object.hasOwn(members, instead)) return `write ${instead}`;
  return `put custom claims into claims; other options are ${Object.keys(members).join(', ')}`;
}

function assertTimes({ issuedAt, sessionId, ...origin }: IssueRequest): void {
  if (issuedAt !== undefined && !isNumericDate(issuedAt)) {
    throw new TypeError(
      'issue: issuedAt must be a NumericDate in seconds since 1970, for example Date.now() / 1000',
    );
  }
  assertOrigin(origin, 'issue');
  if (sessionId !== undefined) assertIdentifier(sessionId, 'issue', 'sessionId');
}

function resolveAudience(requested: string | undefined, { audience }: IssueDefaults): string {
  const chosen = requested ?? audience;
  if (typeof chosen === 'string' && chosen !== '') return chosen;
  throw new TypeError(
    'issue: audience is required: pass the URL of one API, for example "https://api.example.com", here or to createTokenIssuer()',
  );
}

function resolveSubject(subject: unknown, type: IssuedTokenType, { issuer }: IssueDefaults): string {
  if (type === 'user') assertUser(subject, issuer, 'issue');
  else assertIdentifier(subject, 'issue', 'subject');
  return subject;
}

function resolveClient(request: IssueRequest, { issuer }: IssueDefaults): string {
  if (!isClientRequest(request)) return clientOfUsers(issuer, 'issue');
  assertString(request.clientId, 'issue', 'clientId', 'demo');
  return request.clientId;
}

function resolveClaims({ claims }: IssueRequest, type: IssuedTokenType): JsonObject {
  if (claims === undefined) return {};
  const fault = findNonJson(claims, MAX_CLAIMS_DEPTH, 'claims');
  if (fault !== undefined) throw new TypeError(`issue: ${fault}`);
  if (!isJsonObject(claims))
    throw new TypeError('issue: claims must be a JSON object, for example { tenant: "acme" }');
  for (const name of Object.keys(claims)) assertClaimName(name, type);
  return claims;
}

function assertClaimName(name: string, type: IssuedTokenType): void {
  const setBy = Object.hasOwn(SET_BY, name) ? SET_BY[name] : undefined;
  const isOfType = type !== 'user' && setBy === undefined;
  if (!RESERVED_CLAIMS.has(name) || isOfType) return;
  throw new TypeError(`issue: the claim ${name} is reserved: ${setBy ?? 'choose another name'}`);
}
