import { isNumericDate } from '../base/clock.js';
import { toSeconds } from '../base/duration.js';
import { findNonJson } from '../base/find-non-json.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { assertObject, assertString } from '../base/options.js';
import { isPrintableName } from '../base/printable-name.js';
import type { ClaimsRequest } from '../token/claims/build-claims-set.js';
import {
  ISSUED_TOKEN_TYPES,
  type IssuedTokenType,
  isIssuedTokenType,
  RESERVED_CLAIMS,
} from '../token/claims/claims-set.js';
import { MAX_CLAIMS_DEPTH } from '../token/claims/parse-claims.js';
import { parseScope } from '../token/claims/scope.js';
import {
  type ClientTokenRequest,
  type IssueRequest,
  isClientRequest,
  type UserTokenRequest,
} from './issue-request.js';

/** Settings of the issuer that a request depends on. */
export interface IssueDefaults {
  readonly issuer: string;
  /** @default undefined (every request names its audience) */
  readonly audience?: string | undefined;
  /** Maximum lifetimes, with the option or object that sets each of them. */
  readonly maxLifetimes: ReadonlyMap<string, number>;
}

/** Lifetime of a token without `lifetime`, in seconds. */
const DEFAULT_LIFETIME_SECONDS = 900;

/** Maximum length of a subject, in characters. Stores of sessions have the same limit. */
const MAX_SUBJECT_LENGTH = 200;

type Members<Request> = Readonly<Record<keyof Request, true>>;

const USER_MEMBERS: Members<UserTokenRequest> = {
  ...{
    type: true,
    subject: true,
    audience: true,
    scope: true,
    lifetime: true,
    sessionId: true,
    claims: true,
  },
  ...{ header: true, issuedAt: true, ip: true },
};

const CLIENT_MEMBERS: Members<ClientTokenRequest> = {
  ...{ ...USER_MEMBERS, clientId: true, subjectAsserted: true, delegatedFrom: true, delegatedTo: true },
  previousApiKey: true,
};

/** What to write instead of a name from a JWT or from another library. */
const INSTEAD: Readonly<Record<string, string>> = {
  ...{ sub: 'subject', user: 'subject', userId: 'subject', id: 'subject' },
  ...{ aud: 'audience', resource: 'audience', scopes: 'scope', permissions: 'scope' },
  ...{
    exp: 'lifetime',
    expiresIn: 'lifetime',
    expiresAt: 'lifetime',
    lifetimeSeconds: 'lifetime',
    ttl: 'lifetime',
  },
  ...{ iat: 'issuedAt', notBefore: 'issuedAt', nbf: 'issuedAt' },
  ...{ payload: 'claims', customClaims: 'claims', data: 'claims', client_id: 'clientId' },
  ...{ session_id: 'sessionId', session: 'sessionId', headers: 'header' },
};

/** What sets each claim that the issuer writes. Claims of the token types are not listed. */
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
  cnf: 'bearer tokens are not bound to a key',
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
  assertObject(request, 'issue', '{ subject: "alice", audience }');
  const type = resolveType(request.type);
  assertMembers(request, type);
  assertTimes(request);
  return {
    type,
    audience: resolveAudience(request.audience, defaults),
    subject: resolveSubject(request.subject, type, defaults),
    clientId: resolveClient(request, defaults),
    scope: resolveScope(request.scope),
    lifetimeSeconds: resolveLifetime(request, defaults),
    sessionId: request.sessionId,
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
  for (const name of Object.keys(request)) {
    if (Object.hasOwn(members, name)) continue;
    if (Object.hasOwn(CLIENT_MEMBERS, name)) {
      throw new TypeError(`issue: ${name} is not allowed in a token of type user: remove it, or set type`);
    }
    throw new TypeError(`issue: unknown option ${nameForMessage(name)}${remedyFor(name, members)}`);
  }
}

function remedyFor(name: string, members: object): string {
  const instead = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined;
  if (instead !== undefined && Object.hasOwn(members, instead)) return `: write ${instead}`;
  return `: put custom claims into claims; options are ${Object.keys(members).join(', ')}`;
}

function assertTimes({ issuedAt, ip, sessionId }: IssueRequest): void {
  if (issuedAt !== undefined && !isNumericDate(issuedAt)) {
    throw new TypeError(
      'issue: issuedAt must be a NumericDate in seconds since 1970, for example Date.now() / 1000',
    );
  }
  if (ip !== undefined) assertString(ip, 'issue', 'ip', '192.0.2.1');
  if (sessionId !== undefined) assertIdentity(sessionId, 'sessionId');
}

function resolveAudience(requested: string | undefined, { audience }: IssueDefaults): string {
  const chosen = requested ?? audience;
  if (typeof chosen === 'string' && chosen !== '') return chosen;
  throw new TypeError(
    'issue: audience is required: pass the URL of one API, for example "https://api.example.com", here or to createTokenIssuer()',
  );
}

/** A user with the name of the client would be taken for the client itself. */
function resolveSubject(subject: unknown, type: IssuedTokenType, { issuer }: IssueDefaults): string {
  const name = assertIdentity(subject, 'subject');
  if (type === 'user' && name === issuer) {
    throw new TypeError('issue: subject must not be the issuer: pass the ID of the user');
  }
  return name;
}

/** NUL separates the parts of names in stores. */
function assertIdentity(value: unknown, name: string): string {
  const isName = typeof value === 'string' && value !== '' && value.length <= MAX_SUBJECT_LENGTH;
  if (isName && value.isWellFormed() && !value.includes('\u0000')) return value;
  const hint = typeof value === 'number' ? `: write String(${name})` : ', for example "4711"';
  throw new TypeError(
    `issue: ${name} must be a string of 1 to ${MAX_SUBJECT_LENGTH} characters, well-formed and without U+0000${hint}`,
  );
}

/** Every `key_id` of an API key matches. */
const KEY_ID_CHARACTERS = /^[A-Za-z0-9._~-]{1,64}$/;

/** The application itself is the client of its users (RFC 9068 §2.2). */
function resolveClient(request: IssueRequest, { issuer }: IssueDefaults): string {
  if (isClientRequest(request)) {
    assertString(request.clientId, 'issue', 'clientId', 'demo');
    return request.clientId;
  }
  if (!KEY_ID_CHARACTERS.test(issuer)) return issuer;
  throw new TypeError(
    'issue: a token of type user requires an issuer that cannot be the key_id of an API key: pass a URL as issuer to createTokenIssuer(), for example "https://auth.example.com"',
  );
}

function resolveScope(scope: unknown = []): readonly string[] {
  const tokens = parseScope(scope);
  if (tokens !== undefined) return tokens;
  throw new TypeError(
    'issue: scope must be scope tokens (RFC 6749 §3.3) as an array or separated by single spaces, for example "read write"',
  );
}

function resolveLifetime({ lifetime }: IssueRequest, { maxLifetimes }: IssueDefaults): number {
  if (lifetime === undefined) return Math.min(DEFAULT_LIFETIME_SECONDS, ...maxLifetimes.values());
  const seconds = toSeconds(lifetime, 'issue', 'lifetime');
  for (const [source, maximum] of maxLifetimes) {
    if (seconds > maximum) {
      throw new TypeError(
        `issue: lifetime exceeds ${source}, ${maximum} seconds: shorten it, or raise that option`,
      );
    }
  }
  return seconds;
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

function nameForMessage(name: string): string {
  return isPrintableName(name) ? name : '(not shown)';
}
