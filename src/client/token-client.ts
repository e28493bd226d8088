import { type NumericDate, systemClock } from '../base/clock.js';
import { assertOptions, assertSecureUrl, assertString, type KnownOptions } from '../base/options.js';
import { createSingleFlight } from '../base/single-flight.js';
import type { SigningKey } from '../keys/signature-key.js';
import { assertClientCredentials } from './authenticate-request.js';
import { createAuthorizedFetch } from './authorized-fetch.js';
import { resolveDpopKey } from './dpop-key.js';
import { createProofSigner } from './proof-signer.js';
import { requestToken, type TokenRequestOptions } from './request-token.js';

/** Options of `createTokenClient()`. */
export interface TokenClientOptions extends TokenRequestOptions {
  /**
   * Remaining lifetime in seconds at which a token is renewed.
   *
   * @default 30
   */
  readonly renewAheadSeconds?: number;
  /**
   * Whether to bind the tokens to a key of the client (RFC 9449), so that a stolen token is useless. `true` generates a
   * key pair for ES256, which never leaves the client. To keep the key across restarts, pass a private key from
   * `createSigningKey()`. Send requests with `fetch()`. A token endpoint that issues a bearer token is an error.
   *
   * @default false (bearer tokens)
   */
  readonly dpop?: boolean | SigningKey;
}

/** Client that obtains tokens for calls to one service. It caches the last token until the token expires. */
export interface TokenClient {
  /**
   * Return a valid token. Concurrent callers share one token request. If a renewal fails, the cached token is returned
   * until it expires. A token whose response has no `expires_in` counts as valid for 60 seconds.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the token endpoint cannot be reached, or responds with 429 or
   *   5xx
   * @throws Error (as rejection) if the token endpoint responds with a different error, or without a token. The message
   *   contains the error code of the response.
   */
  getToken(): Promise<string>;
  /**
   * Send a request to the service with a valid token and, with `dpop`, with a proof (RFC 9449 §7.1). Replaces the
   * headers `Authorization` and `DPoP`. Call it like the global `fetch`, or pass it to an HTTP client library.
   *
   * If the service demands a nonce or rejects the token, the request is repeated once with the nonce, and once with a
   * new token. A request whose body is a stream is never repeated: the response has the status 401. Redirects are not
   * followed: the response has the status 3xx.
   *
   * @throws TypeError (as rejection) if the URL is not absolute, or not an `https:` URL (`http:` on loopback only)
   * @throws TemporarilyUnavailableError or Error (as rejection) like `getToken()`
   * @example
   * const response = await client.fetch('https://documents.example.com/documents');
   */
  readonly fetch: typeof fetch;
  /** Discard the cached token. Call it if the service rejects the token. `fetch()` does so itself. */
  forget(): void;
}

interface KeptToken {
  readonly token: string;
  readonly expiresAt: NumericDate;
}

const KNOWN: KnownOptions<TokenClientOptions> = {
  tokenEndpoint: true,
  clientId: true,
  clientSecret: true,
  privateKey: true,
  issuer: true,
  audience: true,
  scope: true,
  renewAheadSeconds: true,
  timeoutMs: true,
  fetch: true,
  dpop: true,
  clock: true,
};

/**
 * Create a client that obtains service tokens from a token endpoint with the client credentials grant (RFC 6749 §4.4).
 *
 * @throws TypeError if an option is missing, unknown or malformed
 *
 * @example
 * const client = createTokenClient({
 *   tokenEndpoint: 'https://auth.example.com/oauth/token',
 *   clientId: 'billing',
 *   clientSecret: process.env.API_KEY,
 *   audience: 'https://documents.example.com',
 * });
 * const response = await client.fetch('https://documents.example.com/documents');
 */
export function createTokenClient(options: TokenClientOptions): TokenClient {
  assertOptions(options, KNOWN, 'createTokenClient');
  assertTexts(options);
  // Credentials require TLS (RFC 6749 §3.2).
  const endpoint = assertSecureUrl(options.tokenEndpoint, `${WHERE}: tokenEndpoint`);
  const { renewAheadSeconds = 30, clock = systemClock, dpop = false, fetch: send } = options;
  const key = resolveDpopKey(dpop, WHERE);
  const createProofs = () => (key === undefined ? undefined : createProofSigner(key, clock));
  const proofs = createProofs();
  let kept: KeptToken | undefined;

  const request = createSingleFlight(async (): Promise<KeptToken> => {
    const now = clock();
    const { token, lifetimeSeconds } = await requestToken(endpoint, options, clock, proofs);
    return { token, expiresAt: now + lifetimeSeconds };
  });
  const livesFor = (seconds: number): boolean => kept !== undefined && kept.expiresAt - clock() > seconds;
  const renew = async (): Promise<KeptToken> => {
    kept = await request.run();
    return kept;
  };
  const getToken = async (): Promise<string> => {
    if (kept !== undefined && livesFor(renewAheadSeconds)) return kept.token;
    const last = kept;
    try {
      return (await renew()).token;
    } catch (failure) {
      if (last !== undefined && last === kept && livesFor(1)) return last.token;
      throw failure;
    }
  };
  const discard = (rejected: string): boolean => {
    if (kept?.token === rejected) kept = undefined;
    return true;
  };

  return Object.freeze({
    getToken,
    fetch: createAuthorizedFetch({ tokens: { getToken, discard }, proofs: createProofs(), send }),
    forget() {
      kept = undefined;
    },
  });
}

/** Function for the error messages. */
const WHERE = 'createTokenClient';

function assertTexts(options: TokenClientOptions): void {
  const { tokenEndpoint, audience } = options;
  assertString(tokenEndpoint, WHERE, 'tokenEndpoint', 'https://auth.example.com/oauth/token');
  assertClientCredentials(options, WHERE);
  assertString(audience, WHERE, 'audience', 'https://documents.example.com');
}
