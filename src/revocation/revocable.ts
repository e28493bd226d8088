import { createHash } from 'node:crypto';
import { isNumericDate, type NumericDate } from '../clock.js';

/** What can be revoked. Identities that a caller chose count only together with its `clientId`. */
export type Revocable =
  | (OfIssuer & {
      readonly kind: 'token';
      readonly jti: string;
      /** `client_id` of the token. Default: a token of that `jti` is revoked whichever client it was issued to. */
      readonly clientId?: string;
      readonly expiresAt: NumericDate;
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
  /** The trusted issuer whose tokens are meant. Default: the home issuers. */
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
}

/** @param issuer a trusted one. Default: the home issuers. */
export function revocationNames(issuer?: string): RevocationNames {
  if (issuer === undefined) return homeNames;
  return namesUnder((...parts) => joinName('issuer', issuer, ...parts));
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
 * @throws TypeError for a kind that there is none of, an identity that is no text, or a time in milliseconds.
 */
export function assertRevocable(target: Revocable): void {
  const { kind, ...identities } = target;
  if (!KINDS.has(kind)) throw new TypeError(`kind must be one of ${[...KINDS.keys()].join(', ')}`);
  for (const name of KINDS.get(kind) ?? []) {
    if (typeof Reflect.get(identities, name) !== 'string') throw new TypeError(`${name} must be text`);
  }
  for (const name of OPTIONAL) {
    const value: unknown = Reflect.get(identities, name);
    if (value !== undefined && typeof value !== 'string') throw new TypeError(`${name} must be a string`);
  }
  if (target.kind === 'token' && !isNumericDate(target.expiresAt)) {
    throw new TypeError('expiresAt must be seconds since 1970: the exp of the token');
  }
}

/** Identities that not every target has. */
const OPTIONAL = ['issuer', 'clientId', 'subject'];

/** What each kind is named by. */
const KINDS: ReadonlyMap<Revocable['kind'], readonly string[]> = new Map([
  ['token', ['jti']],
  ['session', ['clientId', 'sessionId']],
  ['api_key', ['clientId']],
  ['subject', ['clientId', 'subject']],
  ['kid', ['kid']],
]);

export function nameOf(target: Revocable): string {
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
