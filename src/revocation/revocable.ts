import { createHash } from 'node:crypto';
import { isNumericDate, type NumericDate } from '../base/clock.js';

/** What can be revoked. Identities that a caller chose count only together with its `clientId`. */
export type Revocable =
  | (OfIssuer & {
      readonly kind: 'token';
      readonly jti: string;
      /** `client_id` of the token. Default: a token of that `jti` is revoked whichever client it was issued to. */
      readonly clientId?: string;
      readonly expiresAt: NumericDate;
      /**
       * `iat` of the token. With it, and `clientId`, the revocation can be folded into a wider one when there are too
       * many. Default: it is kept until `expiresAt`.
       */
      readonly issuedAt?: NumericDate;
      /** `sub` of the token, unless it is a delegated one: the revocation is first folded into one of the subject. */
      readonly subject?: string;
    })
  | (OfIssuer & {
      readonly kind: 'session';
      readonly clientId: string;
      readonly sessionId: string;
      /** Where a client names the sessions of several subjects alike: the one that is meant. Default: all of them. */
      readonly subject?: string;
    })
  | (OfIssuer & {
      readonly kind: 'api_key';
      readonly clientId: string;
      /** What it was issued in this second or before is revoked. Default: the present second. */
      readonly issuedUpTo?: NumericDate;
    })
  | (OfIssuer & { readonly kind: 'subject'; readonly clientId: string; readonly subject: string })
  | { readonly kind: 'kid'; readonly kid: string };

/** Identities of a trusted issuer are revoked apart from our own, even where they have the same names. */
interface OfIssuer {
  /** The issuer whose tokens are meant, mandatory for trusted issuers. Default: all home issuers. */
  readonly issuer?: string;
}

/** A character that no identity may hold keeps the parts of a name apart. */
const SEPARATOR = '\u0000';

/** Stores take names up to this length, in characters. */
const MAX_NAME_LENGTH = 200;

/** The names under which stores keep revocations, the same on every instance. */
export interface RevocationNames {
  token(jti: string): string;
  tokenOf(clientId: string, jti: string): string;
  session(clientId: string, sessionId: string, subject?: string): string;
  apiKey(clientId: string): string;
  subject(clientId: string, subject: string): string;
  /** Access tokens of an API key, whose refresh-token families live on. */
  apiKeyAccess(clientId: string): string;
  /** Access tokens of a subject, whose refresh-token families live on. */
  subjectAccess(clientId: string, subject: string): string;
}

/** @param issuer the one that the revocation names. Default: the home issuers. */
export function revocationNames(issuer?: string): RevocationNames {
  if (issuer === undefined) return homeNames;
  return namesUnder((...parts) => joinName('issuer', issuer, ...parts));
}

/** Stands for all revocations that name this issuer: without it there are none. */
export function nameOfIssuer(issuer: string): string {
  return joinName('issuer', issuer);
}

/** Keys are our own, whoever issued the token. */
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

/** Identities of foreign tokens may be of any length, or hold half a character: a digest stands for those. */
function joinName(...parts: readonly string[]): string {
  const name = parts.join(SEPARATOR);
  if (name.length <= MAX_NAME_LENGTH && name.isWellFormed()) return name;
  return `digest${SEPARATOR}${createHash('sha256').update(name, 'utf16le').digest('base64url')}`;
}

/**
 * Whoever is told that something is revoked relies on it, so nothing is taken that names no token.
 * @throws TypeError for an unknown kind or member, an identity that is no non-empty string, or a time in milliseconds.
 */
export function assertRevocable(target: Revocable): void {
  const members = MEMBERS.get(target.kind);
  if (members === undefined) throw new TypeError(`kind must be one of ${[...MEMBERS.keys()].join(', ')}`);
  for (const [name, value] of Object.entries(target)) {
    if (name !== 'kind' && members[name] === undefined) {
      throw new TypeError(`revoke() knows no member of that name for the kind ${target.kind}: see Revocable`);
    }
    if (value !== undefined && !DATES.has(name) && !isName(value)) {
      throw new TypeError(`${name} must be a non-empty string`);
    }
  }
  for (const [name, presence] of Object.entries(members)) {
    if (presence === 'required' && Reflect.get(target, name) === undefined) {
      throw new TypeError(`${name} must be a non-empty string`);
    }
  }
  if (target.kind === 'token' && !isNumericDate(target.expiresAt)) {
    throw new TypeError('expiresAt must be seconds since 1970: the exp of the token');
  }
  if (target.kind === 'token' && target.issuedAt !== undefined && !isNumericDate(target.issuedAt)) {
    throw new TypeError('issuedAt must be seconds since 1970: the iat of the token');
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

const DATES: ReadonlySet<string> = new Set(['expiresAt', 'issuedAt', 'issuedUpTo']);

type Members = Readonly<Record<string, 'required' | 'optional'>>;

/** What each kind is named by. A member that is misspelt would widen what is revoked. */
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
 * Names of the wider revocations that cover a target, the narrowest first. A token that the target names is named by each
 * of them too, or the wider one would reach less.
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
