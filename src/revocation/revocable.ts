import { createHash } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';

/** Target of a revocation. Session and subject IDs are unique only within a `clientId`. */
export type Revocable =
  | (OfIssuer & {
      /** One token. */
      readonly kind: 'token';
      /** `jti` of the token. */
      readonly jti: string;
      /**
       * `client_id` of the token.
       *
       * @default undefined (the tokens of all clients with this `jti`)
       */
      readonly clientId?: string;
      /** `exp` of the token, in seconds since 1970. */
      readonly expiresAt: NumericDate;
      /**
       * `iat` of the token, in seconds since 1970. With `issuedAt` and `clientId`, a full store can fold the revocation
       * into a wider one.
       *
       * @default undefined (the revocation is never folded)
       */
      readonly issuedAt?: NumericDate;
      /**
       * `sub` of the token, unless the token is delegated. With a subject, a full store can fold the revocation into
       * one for the subject, which is narrower than one for the API key.
       *
       * @default undefined (the revocation is folded into one for the API key)
       */
      readonly subject?: string;
    })
  | (OfIssuer & {
      /** All tokens of a session that were issued up to the current second. */
      readonly kind: 'session';
      /** `client_id` of the tokens. */
      readonly clientId: string;
      /** `session_id` of the tokens. */
      readonly sessionId: string;
      /**
       * Subject of the session. A client may use the same session ID for several subjects.
       *
       * @default undefined (the sessions of all subjects with this ID)
       */
      readonly subject?: string;
    })
  | (OfIssuer & {
      /** All tokens of an API key that were issued up to a cut-off. */
      readonly kind: 'api_key';
      /** `client_id` of the tokens. */
      readonly clientId: string;
      /**
       * Cut-off in seconds since 1970. Tokens issued in this second or earlier are revoked.
       *
       * @default the current second
       */
      readonly issuedUpTo?: NumericDate;
    })
  | (OfIssuer & {
      /** All tokens of a subject that were issued up to the current second. */
      readonly kind: 'subject';
      /** `client_id` of the tokens. */
      readonly clientId: string;
      /** `sub` of the tokens. */
      readonly subject: string;
    })
  | {
      /** All tokens that were encrypted under a key. Later tokens of the key are also rejected. */
      readonly kind: 'kid';
      /** Key ID in the token headers. */
      readonly kid: string;
    };

/**
 * Issuer of a target. An equal ID from a different issuer is a different identity.
 *
 * @inline
 */
interface OfIssuer {
  /**
   * `iss` of the tokens. Required for tokens of a trusted issuer.
   *
   * @default undefined (all home issuers)
   */
  readonly issuer?: string;
}

/** Separator between the parts of a name. Identities cannot contain it. */
const SEPARATOR = '\u0000';

/** Maximum length of a stored name, in characters. */
const MAX_NAME_LENGTH = 200;

/** Formats the names of stored revocations. All instances use the same names. */
export interface RevocationNames {
  token(jti: string): string;
  tokenOf(clientId: string, jti: string): string;
  session(clientId: string, sessionId: string, subject?: string): string;
  apiKey(clientId: string): string;
  subject(clientId: string, subject: string): string;
  /** Name for the access tokens of an API key. Its refresh-token families remain valid. */
  apiKeyAccess(clientId: string): string;
  /** Name for the access tokens of a subject. Its refresh-token families remain valid. */
  subjectAccess(clientId: string, subject: string): string;
}

/**
 * Return the formatter of revocation names for an issuer.
 *
 * @param issuer `iss` of a trusted issuer; default: the home issuers
 */
export function revocationNames(issuer?: string): RevocationNames {
  if (issuer === undefined) return homeNames;
  return namesUnder((...parts) => joinName('issuer', issuer, ...parts));
}

/** Return the name of a marker entry. It exists if at least one revocation names the issuer. */
export function nameOfIssuer(issuer: string): string {
  return joinName('issuer', issuer);
}

/** Return the revocation name for a `kid`. It has no issuer, because all issuers encrypt under the same key ring. */
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
 * Join the parts of a name. A name that is too long or not well-formed is replaced with its SHA-256 digest. Tokens of
 * trusted issuers can contain identities of any length, and lone surrogates.
 */
function joinName(...parts: readonly string[]): string {
  const name = parts.join(SEPARATOR);
  if (name.length <= MAX_NAME_LENGTH && name.isWellFormed()) return name;
  return `digest${SEPARATOR}${createHash('sha256').update(name, 'utf16le').digest('base64url')}`;
}

/**
 * Return the names of the wider revocations that can replace a target, narrowest first. Each matches every token that
 * the target matches.
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
