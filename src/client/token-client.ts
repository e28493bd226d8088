import { type Clock, isNumericDate, type NumericDate, systemClock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { isJsonObject } from '../base/json.js';
import { assertOptions, assertSecureUrl, assertString, type KnownOptions } from '../base/options.js';
import { createSingleFlight } from '../base/single-flight.js';

/** Options of `createTokenClient()`. */
export interface TokenClientOptions {
  /** `https:` URL of the token endpoint; `http:` is accepted for loopback addresses only. */
  readonly tokenEndpoint: string;
  /** `key_id` of the API key. */
  readonly clientId: string;
  /** The API key. */
  readonly clientSecret: string;
  /** Audience of the tokens: the service to call. */
  readonly audience: string;
  /**
   * Scope to request, separated by spaces.
   *
   * @default undefined (the whole scope of the API key)
   */
  readonly scope?: string;
  /**
   * A token whose remaining lifetime in seconds is not greater than this is renewed.
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
   * @default the global fetch
   */
  readonly fetch?: typeof fetch;
  /**
   * @default the system time
   */
  readonly clock?: Clock;
}

/** Obtains tokens for calls to one service, and caches the last one until it expires. */
export interface TokenClient {
  /**
   * Returns a valid token. Concurrent callers share one token request. If a renewal fails, the cached token is returned
   * until it expires.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the token endpoint cannot be reached, or responds with 429 or
   *   5xx
   * @throws Error (as rejection) if the token endpoint responds with another error; the message has its status and
   *   error code
   */
  getToken(): Promise<string>;
  /** Discards the cached token. Call it if the service rejects the token. */
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
  audience: true,
  scope: true,
  renewAheadSeconds: true,
  timeoutMs: true,
  fetch: true,
  clock: true,
};

/**
 * Creates a client that obtains service tokens from a token endpoint.
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
  const endpoint = assertSecureUrl(options.tokenEndpoint, 'tokenEndpoint');
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

/** Sends a client credentials request (RFC 6749 §4.4.2) with HTTP Basic authentication (RFC 6749 §2.3.1). */
async function requestToken(
  endpoint: URL,
  options: TokenClientOptions,
  now: NumericDate,
): Promise<KeptToken> {
  const { clientId, clientSecret, audience, scope, timeoutMs = 5000, fetch: send = fetch } = options;
  const credentials = [clientId, clientSecret].map(encodeFormText).join(':');
  const parameters = {
    grant_type: 'client_credentials',
    audience,
    ...(scope === undefined ? {} : { scope }),
  };
  let answer: Response;
  let body: unknown;
  try {
    answer = await send(endpoint, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      body: new URLSearchParams(parameters),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = await answer.json().catch(() => undefined);
  } catch (cause) {
    throw new TemporarilyUnavailableError({ cause });
  }
  return readAnswer(answer.status, body, now);
}

function readAnswer(status: number, body: unknown, now: NumericDate): KeptToken {
  const { access_token: token, expires_in: lifetime, error } = isJsonObject(body) ? body : {};
  if (status === 429 || status >= 500) {
    throw new TemporarilyUnavailableError({
      cause: new Error(`The token endpoint responded with ${status}`),
    });
  }
  if (status !== 200 || typeof token !== 'string' || !isNumericDate(lifetime)) {
    const code = typeof error === 'string' ? error : '';
    throw new Error(`The token endpoint responded with ${status} ${code}`.trim());
  }
  return { token, expiresAt: now + lifetime };
}

function encodeFormText(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function assertTexts(options: TokenClientOptions): void {
  for (const name of ['tokenEndpoint', 'clientId', 'clientSecret', 'audience'] as const) {
    assertString(options[name], 'createTokenClient', name);
  }
}
