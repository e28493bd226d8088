import { inContext } from '../../base/in-context.js';
import { assertOptions, assertString, type KnownOptions } from '../../base/options.js';
import { deriveAuthJsKeys } from '../../keys/derive-auth-js-keys.js';
import { defineTrustedIssuer } from '../trusted-issuer.js';
import type { TrustedIssuer, TrustedIssuerOptions } from '../trusted-issuer-options.js';
import { applyDefaults, joinClaims } from './define-preset.js';

type ClaimsTerms = Pick<
  TrustedIssuerOptions,
  | 'clientClaim'
  | 'clockToleranceSeconds'
  | 'maxTokenAgeSeconds'
  | 'maxTokenLifetimeSeconds'
  | 'requiredClaims'
  | 'scopeClaim'
  | 'scopes'
>;

/** Options of `authJsSession()`. */
export interface AuthJsSessionOptions extends ClaimsTerms {
  /**
   * Secret of the application (`AUTH_SECRET`), at least 32 characters. For Auth.js 5, an array accepts several: the
   * current one first.
   */
  readonly secret: string | readonly string[];
  /** Issuer of the sessions, for handlers and revocations. The tokens have no `iss`. */
  readonly issuer: string;
  /** Audience of the sessions, for handlers. The tokens have no `aud`. */
  readonly audience: string;
  /**
   * Name of the session cookie. It is part of the keys of Auth.js 5. NextAuth 4 does not use it.
   *
   * @default '__Secure-authjs.session-token', the name on `https:`
   */
  readonly cookieName?: string;
  /**
   * Major version: 5 for Auth.js, 4 for NextAuth.
   *
   * @default 5
   */
  readonly version?: 4 | 5;
}

const KNOWN: KnownOptions<AuthJsSessionOptions> = {
  ...{ secret: true, issuer: true, audience: true, cookieName: true, version: true, scopes: true },
  ...{ scopeClaim: true, clientClaim: true, requiredClaims: true },
  ...{ clockToleranceSeconds: true, maxTokenAgeSeconds: true, maxTokenLifetimeSeconds: true },
};

/** Minimum length of a secret in characters. `npx auth secret` generates 44. */
const MIN_SECRET_LENGTH = 32;

/** Default lifetime of a session of Auth.js: 30 days. */
const SESSION_SECONDS = 2_592_000;

/**
 * Describe a web application that signs users in with Auth.js 5 or NextAuth 4, for the option `trustedIssuers`. Its
 * session cookies become tokens of the type `external`. Set `tokenLocations.cookie` to the name of the cookie, and
 * prevent cross-site request forgery.
 *
 * @throws TypeError if an option is missing, unknown or malformed, or a secret is short
 * @example
 * app.use(
 *   authenticate({
 *     trustedIssuers: [authJsSession({ secret, issuer: 'https://app.example.com', audience: 'https://app.example.com/api', scopes: [] })],
 *     tokenLocations: { authorization: false, cookie: '__Secure-authjs.session-token' },
 *   }),
 * );
 */
export function authJsSession(options: AuthJsSessionOptions): TrustedIssuer {
  assertOptions(options, KNOWN, 'authJsSession');
  const { secret, cookieName = '__Secure-authjs.session-token', version = 5, ...terms } = options;
  if (version !== 4 && version !== 5)
    throw new TypeError('authJsSession: version must be 5 for Auth.js, or 4 for NextAuth');
  assertString(cookieName, 'authJsSession', 'cookieName', '__Secure-authjs.session-token');
  const secrets = readSecrets(secret, version);
  const decryption = inContext('authJsSession: secret', () => deriveAuthJsKeys(secrets, cookieName, version));
  const complete: TrustedIssuerOptions = {
    ...terms,
    decryption,
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: [version === 5 ? 'A256CBC-HS512' : 'A256GCM'],
    typ: [null],
    impliedClaims: ['iss', 'aud'],
    // NextAuth before 4.24.5 encrypts other cookies under the same key, without a user (CVE-2023-48309).
    ...joinClaims(['sub'], terms.requiredClaims),
  };
  return defineTrustedIssuer(
    applyDefaults(complete, { maxTokenLifetimeSeconds: SESSION_SECONDS }),
    'authJsSession',
  );
}

function readSecrets(secret: string | readonly string[], version: 4 | 5): readonly string[] {
  const secrets = [secret].flat();
  const isUsable = (one: unknown) => typeof one === 'string' && one.length >= MIN_SECRET_LENGTH;
  if (secrets.length === 0 || !secrets.every(isUsable))
    throw new TypeError(
      `authJsSession: secret must be a string of at least ${MIN_SECRET_LENGTH} characters, or an array of them: pass AUTH_SECRET`,
    );
  if (version === 4 && secrets.length > 1)
    throw new TypeError(
      'authJsSession: secret must be one string with version 4, because its tokens have no kid',
    );
  return secrets;
}
