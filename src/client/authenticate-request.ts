import { randomUUID } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { assertMethod, assertString } from '../base/options.js';
import type { SigningKey } from '../keys/signature-key.js';
import { signClaims } from '../token/sign-claims.js';

/** Options of `createTokenClient()` that authenticate the client: `clientSecret`, or `privateKey` with `issuer`. */
export interface ClientCredentialOptions {
  /** `key_id` of the API key. */
  readonly clientId: string;
  /**
   * Secret of the API key.
   *
   * @default undefined (`privateKey` authenticates the client)
   */
  readonly clientSecret?: string;
  /**
   * Private key from `createSigningKey()`. The client signs an assertion for each request (RFC 7523 §2.2), and needs no
   * secret. The API key file contains the public key in `jwks`.
   *
   * @default undefined (`clientSecret` authenticates the client)
   */
  readonly privateKey?: SigningKey;
  /**
   * Issuer of the authorization server, the audience of the assertions. Required with `privateKey`.
   *
   * @default undefined (no assertions)
   */
  readonly issuer?: string;
}

/** Header and parameters that authenticate a token request. */
export interface RequestCredentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

/** `typ` of the assertions (draft-ietf-oauth-rfc7523bis). */
const ASSERTION_TYP = 'client-authentication+jwt';

const ASSERTION_SECONDS = 60;

/**
 * Authenticate a token request by HTTP Basic (RFC 6749 §2.3.1), or by a new assertion (RFC 7523 §2.2).
 *
 * @param now `iat` of the assertion
 */
export async function authenticateRequest(
  { clientId, clientSecret = '', privateKey, issuer }: ClientCredentialOptions,
  now: NumericDate,
): Promise<RequestCredentials> {
  if (privateKey === undefined) {
    const credentials = [clientId, clientSecret].map(encodeFormText).join(':');
    const headers = { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
    return { headers, parameters: {} };
  }
  const iat = Math.floor(now);
  const times = { iat, exp: iat + ASSERTION_SECONDS };
  const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), ...times };
  const parameters = {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await signClaims(claims, ASSERTION_TYP, privateKey),
  };
  return { headers: {}, parameters };
}

function encodeFormText(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/**
 * Assert that the options contain one method of authentication.
 *
 * @throws TypeError if an option is missing or malformed, or both methods are set
 */
export function assertClientCredentials(options: ClientCredentialOptions, where: string): void {
  const { clientId, clientSecret, privateKey } = options;
  assertString(clientId, where, 'clientId', 'billing');
  if (privateKey === undefined) assertSecret(clientSecret, where);
  else assertAssertionKey(options, where);
}

function assertAssertionKey(options: ClientCredentialOptions, where: string): void {
  const { clientSecret, privateKey, issuer } = options;
  if (clientSecret !== undefined) {
    throw new TypeError(`${where}: clientSecret must be omitted with privateKey: use one of them`);
  }
  const expected = `${where}: privateKey must be a SigningKey: pass await createSigningKey({ file: "client.jwk" })`;
  assertMethod(privateKey?.privateKey, 'export', expected);
  assertString(issuer, where, 'issuer', 'https://auth.example.com');
}

function assertSecret(clientSecret: unknown, where: string): void {
  if (typeof clientSecret === 'string' && clientSecret !== '') return;
  throw new TypeError(
    `${where}: clientSecret must be a non-empty string: pass the API key, for example process.env.API_KEY, or set privateKey`,
  );
}
