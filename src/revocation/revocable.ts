import { createHash } from 'node:crypto';
import { isNumericDate, type NumericDate } from '../base/clock.js';

/** A target of a revocation. Identities that a client chose are scoped to its `clientId`. */
export type Revocable =
  | (OfIssuer & {
      readonly kind: 'token';
      readonly jti: string;
      /**
       * `client_id` of the token.
       *
       * @default undefined (every token with this `jti`, of any client)
       */
      readonly clientId?: string;
      readonly expiresAt: NumericDate;
      /**
       * `iat` of the token. With `issuedAt` and `clientId`, the store can fold the revocation into a wider one when it
       * has too many.
       *
       * @default undefined (the revocation is kept until `expiresAt`)
       */
      readonly issuedAt?: NumericDate;
      /**
       * `sub` of the token, unless it is delegated. The store then first folds the revocation into one of the subject.
       */
      readonly subject?: string;
    })
  | (OfIssuer & {
      readonly kind: 'session';
      readonly clientId: string;
      readonly sessionId: string;
      /**
       * Subject of the session. A client may give sessions of several subjects the same ID.
       *
       * @default undefined (the sessions with this ID of all subjects)
       */
      readonly subject?: string;
    })
  | (OfIssuer & {
      readonly kind: 'api_key';
      readonly clientId: string;
      /**
       * Tokens issued in this second or earlier are revoked.
       *
       * @default the current second
       */
      readonly issuedUpTo?: NumericDate;
    })
  | (OfIssuer & { readonly kind: 'subject'; readonly clientId: string; readonly subject: string })
  | { readonly kind: 'kid'; readonly kid: string };

/** Identities of a trusted issuer are revoked separately from home identities, even if the names are equal. */
interface OfIssuer {
  /**
   * Issuer of the tokens. Required for tokens of trusted issuers.
   *
   * @default undefined (all home issuers)
   */
  readonly issuer?: string;
}

/** Separates the parts of a name. No identity can contain it. */
const SEPARATOR = '\u0000';

/** Maximum length of a name in stores, in characters. */
const MAX_NAME_LENGTH = 200;

/** The names of revocations in stores, equal on every instance. */
export interface RevocationNames {
  token(jti: string): string;
  tokenOf(clientId: string, jti: string): string;
  session(clientId: string, sessionId: string, subject?: string): string;
  apiKey(clientId: string): string;
  subject(clientId: string, subject: string): string;
  /** Access tokens of an API key. Its refresh-token families stay valid. */
  apiKeyAccess(clientId: string): string;
  /** Access tokens of a subject. Its refresh-token families stay valid. */
  subjectAccess(clientId: string, subject: string): string;
}

/** @param issuer issuer in the revocation; default: the home issuers */
export function revocationNames(issuer?: string): RevocationNames {
  if (issuer === undefined) return homeNames;
  return namesUnder((...parts) => joinName('issuer', issuer, ...parts));
}

/** Marker that at least one revocation names this issuer. */
export function nameOfIssuer(issuer: string): string {
  return joinName('issuer', issuer);
}

/** Key IDs have no issuer: tokens of every issuer are encrypted under keys of this key ring. */
export function nameOfKid(kid: string): string {
  return joinName('kid', kid);
}

function namesUnder(join: (...parts: readonly string[]) => string): RevocationNames {
  return {
    token: (jti) => join('token', jti),
    tokenOf: (clientId, jti) => join('token_of', clientId, jti),
    session: (clientId, sessionId, subject) =>
      join('session', clientId, sessionId, ...(subject === undefined ? [] : [subject])),
    apiKey: (clientId) => join('api_key', clientId),
    subject: (clientId, subject) => join('subject', clientId, subject),
    apiKeyAccess: (clientId) => join('api_key_access', clientId),
    subjectAccess: (clientId, subject) => join('subject_access', clientId, subject),
  };
}

const homeNames = namesUnder(joinName);

/**
 * Replaces long or malformed names by a digest: identities in foreign tokens can have any length and lone surrogates.
 */
function joinName(...parts: readonly string[]): string {
  const name = parts.join(SEPARATOR);
  if (name.length <= MAX_NAME_LENGTH && name.isWellFormed()) return name;
  return `digest${SEPARATOR}${createHash('sha256').update(name, 'utf16le').digest('base64url')}`;
}

/**
 * Asserts that a revocation can match a token: callers rely on a revocation that succeeded.
 *
 * @throws TypeError for an unknown kind or member, an identity that is not a non-empty string, or a time in
 *   milliseconds
 */
export function assertRevocable(target: Revocable): void {
  const members = MEMBERS.get(target.kind);
  if (members === undefined)
    throw new TypeError(`revoke: kind must be one of ${[...MEMBERS.keys()].join(', ')}`);
  for (const [name, value] of Object.entries(target)) {
    if (name !== 'kind' && members[name] === undefined) {
      const expected = Object.keys(members).join(', ');
      throw new TypeError(`revoke: unknown member for the kind ${target.kind}; expected one of: ${expected}`);
    }
    if (value !== undefined && !DATES.has(name) && !isName(value)) {
      throw new TypeError(`revoke: ${name} must be a non-empty string`);
    }
  }
  for (const [name, presence] of Object.entries(members)) {
    if (presence === 'required' && Reflect.get(target, name) === undefined) {
      throw new TypeError(`revoke: ${name} must be a non-empty string`);
    }
  }
  if (target.kind === 'token' && !isNumericDate(target.expiresAt)) {
    throw new TypeError('revoke: expiresAt must be seconds since 1970: the exp of the token');
  }
  if (target.kind === 'token' && target.issuedAt !== undefined && !isNumericDate(target.issuedAt)) {
    throw new TypeError('revoke: issuedAt must be seconds since 1970: the iat of the token');
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

const DATES: ReadonlySet<string> = new Set(['expiresAt', 'issuedAt', 'issuedUpTo']);

type Members = Readonly<Record<string, 'required' | 'optional'>>;

/** The members of each kind. A misspelt member would revoke more than intended. */
const MEMBERS: ReadonlyMap<Revocable['kind'], Members> = new Map<Revocable['kind'], Members>([
  [
    'token',
    {
      ...{ jti: 'required', clientId: 'optional', subject: 'optional', issuer: 'optional' },
      ...{ expiresAt: 'optional', issuedAt: 'optional' },
    },
  ],
  ['session', { clientId: 'required', sessionId: 'required', subject: 'optional', issuer: 'optional' }],
  ['api_key', { clientId: 'required', issuedUpTo: 'optional', issuer: 'optional' }],
  ['subject', { clientId: 'required', subject: 'required', issuer: 'optional' }],
  ['kid', { kid: 'required' }],
]);

/**
 * Names of the wider revocations that cover a target, narrowest first. Each of them must match every token that the
 * target matches.
 */
export function widerNamesOf(target: Revocable): readonly string[] {
  if (target.kind === 'kid' || target.kind === 'api_key' || target.clientId === undefined) return [];
  const names = revocationNames(target.issuer);
  const { clientId, subject } = target;
  const ofApiKey = [names.apiKeyAccess(clientId)];
  if (target.kind === 'subject' || subject === undefined) return ofApiKey;
  return [names.subjectAccess(clientId, subject), ...ofApiKey];
}

export function revocationName(target: Revocable): string {
  if (target.kind === 'kid') return nameOfKid(target.kid);
  const names = revocationNames(target.issuer);
  switch (target.kind) {
    case 'token':
      return target.clientId === undefined
        ? names.token(target.jti)
        : names.tokenOf(target.clientId, target.jti);
    case 'session':
      return names.session(target.clientId, target.sessionId, target.subject);
    case 'api_key':
      return names.apiKey(target.clientId);
    case 'subject':
      return names.subject(target.clientId, target.subject);
  }
}
