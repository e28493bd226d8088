import { createHash } from 'node:crypto';
import { isNumericDate, type NumericDate } from '../clock.js';

/** What can be revoked. Identities that a caller chose count only together with its `clientId`. */
export type Revocable =
  | { readonly kind: 'token'; readonly jti: string; readonly expiresAt: NumericDate }
  | {
      readonly kind: 'session';
      readonly clientId: string;
      readonly sessionId: string;
      /** Where a client names the sessions of several subjects alike: the one that is meant. Default: all of them. */
      readonly subject?: string;
    }
  | {
      readonly kind: 'api_key';
      readonly clientId: string;
      /** What it was issued in this second or before is revoked. Default: the present second. */
      readonly issuedUpTo?: NumericDate;
    }
  | { readonly kind: 'subject'; readonly clientId: string; readonly subject: string }
  | { readonly kind: 'kid'; readonly kid: string };

/** A character that no identity may hold keeps the parts of a name apart. */
const SEPARATOR = '\u0000';

/** Stores take names up to this length, in characters. */
const MAX_NAME_LENGTH = 200;

/** The name under which stores keep a revocation, the same on every instance. */
export const revocationName = {
  token: (jti: string) => joinName('token', jti),
  session: (clientId: string, sessionId: string, subject?: string) =>
    joinName('session', clientId, sessionId, ...(subject === undefined ? [] : [subject])),
  apiKey: (clientId: string) => joinName('api_key', clientId),
  subject: (clientId: string, subject: string) => joinName('subject', clientId, subject),
  kid: (kid: string) => joinName('kid', kid),
} as const;

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
  if (target.kind === 'token' && !isNumericDate(target.expiresAt)) {
    throw new TypeError('expiresAt must be seconds since 1970: the exp of the token');
  }
}

/** What each kind is named by. */
const KINDS: ReadonlyMap<Revocable['kind'], readonly string[]> = new Map([
  ['token', ['jti']],
  ['session', ['clientId', 'sessionId']],
  ['api_key', ['clientId']],
  ['subject', ['clientId', 'subject']],
  ['kid', ['kid']],
]);

export function nameOf(target: Revocable): string {
  switch (target.kind) {
    case 'token':
      return revocationName.token(target.jti);
    case 'session':
      return revocationName.session(target.clientId, target.sessionId, target.subject);
    case 'api_key':
      return revocationName.apiKey(target.clientId);
    case 'subject':
      return revocationName.subject(target.clientId, target.subject);
    case 'kid':
      return revocationName.kid(target.kid);
  }
}
