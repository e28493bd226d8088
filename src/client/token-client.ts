import { type Clock, type NumericDate, systemClock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { assertOptions, assertSecureUrl, assertString, type KnownOptions } from '../base/options.js';
import { createSingleFlight } from '../base/single-flight.js';
import {
  assertClientCredentials,
  authenticateRequest,
  type ClientCredentialOptions,
} from './authenticate-request.js';
import { readTokenResponse } from './read-token-response.js';

/** Options of `createTokenClient()`. */
export interface TokenClientOptions extends ClientCredentialOptions {
  /** URL of the token endpoint. It must be an `https:` URL. An `http:` URL is accepted only for loopback addresses. */
  readonly tokenEndpoint: string;
  /** Audience of the tokens: the service to call. */
  readonly audience: string;
  /**
   * Scope to request, as space-separated scope tokens (RFC 6749 §3.3).
   *
   * @default undefined (the whole scope of the API key)
   */
  readonly scope?: string;
  /**
   * Remaining lifetime in seconds at which a token is renewed.
   *
   * @default 30
   */
  readonly renewAheadSeconds?: number;
  /**
   * Timeout of a token request in milliseconds.
   *
   * @default 5000
   */
  readonly timeoutMs?: number;
  /**
   * Implementation of `fetch` for token requests.
   *
   * @default the global fetch
   */
  readonly fetch?: typeof fetch;
  /**
   * Clock for the expiry of the cached token.
   *
   * @default the system time
   */
  readonly clock?: Clock;
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
  /** Discard the cached token. Call it if the service rejects the token. */
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
 * const headers = { Authorization: `Bearer ${await client.getToken()}` };
 * const response = await fetch('https://documents.example.com/documents', { headers });
 */
export function createTokenClient(options: TokenClientOptions): TokenClient {
  assertOptions(options, KNOWN, 'createTokenClient');
  assertTexts(options);
  // Credentials require TLS (RFC 6749 §3.2).
  const endpoint = assertSecureUrl(options.tokenEndpoint, `${WHERE}: tokenEndpoint`);
  const { renewAheadSeconds = 30, clock = systemClock } = options;
  let kept: KeptToken | undefined;

  const request = createSingleFlight(() => requestToken(endpoint, options, clock()));
  const livesFor = (seconds: number): boolean => kept !== undefined && kept.expiresAt - clock() > seconds;
  const renew = async (): Promise<KeptToken> => {
    kept = await request.run();
    return kept;
  };

  return Object.freeze({
    async getToken() {
      if (kept !== undefined && livesFor(renewAheadSeconds)) return kept.token;
      const last = kept;
      try {
        return (await renew()).token;
      } catch (failure) {
        if (last !== undefined && last === kept && livesFor(1)) return last.token;
        throw failure;
      }
    },
    forget() {
      kept = undefined;
    },
  });
}

/** Send a client credentials request (RFC 6749 §4.4.2). */
async function requestToken(
  endpoint: URL,
  options: TokenClientOptions,
  now: NumericDate,
): Promise<KeptToken> {
  const { audience, scope, timeoutMs = 5000, fetch: send = fetch } = options;
  const credentials = await authenticateRequest(options, now);
  const parameters = {
    grant_type: 'client_credentials',
    audience,
    ...(scope === undefined ? {} : { scope }),
    ...credentials.parameters,
  };
  let answer: Response;
  let body: unknown;
  try {
    answer = await send(endpoint, {
      method: 'POST',
      headers: credentials.headers,
      body: new URLSearchParams(parameters),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = await answer.json().catch(() => undefined);
  } catch (cause) {
    throw new TemporarilyUnavailableError({ cause });
  }
  const { token, lifetimeSeconds } = readTokenResponse(answer.status, body);
  return { token, expiresAt: now + lifetimeSeconds };
}

/** Function for the error messages. */
const WHERE = 'createTokenClient';

function assertTexts(options: TokenClientOptions): void {
  const { tokenEndpoint, audience } = options;
  assertString(tokenEndpoint, WHERE, 'tokenEndpoint', 'https://auth.example.com/oauth/token');
  assertClientCredentials(options, WHERE);
  assertString(audience, WHERE, 'audience', 'https://documents.example.com');
}
