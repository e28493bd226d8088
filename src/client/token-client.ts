import { type Clock, isNumericDate, type NumericDate, systemClock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { isJsonObject } from '../base/json.js';
import { assertOptions, assertSecureUrl, assertString, type KnownOptions } from '../base/options.js';
import { createSingleFlight } from '../base/single-flight.js';

export interface TokenClientOptions {
  /** `https:` URL of the token endpoint; `http:` on loopback only. */
  readonly tokenEndpoint: string;
  /** `key_id` of the API key. */
  readonly clientId: string;
  /** The API key. */
  readonly clientSecret: string;
  /** The service that is called. */
  readonly audience: string;
  /** Scope that is asked for, separated by spaces. Default: all that the key may have. */
  readonly scope?: string;
  /** A token that lives shorter than this is renewed, in seconds. Default 30. */
  readonly renewAheadSeconds?: number;
  /** Longest wait for an answer, in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
  /** Default: that of the platform. */
  readonly fetch?: typeof fetch;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** Obtains tokens for calls to one service, and keeps the last one while it lives. */
export interface TokenClient {
  /**
   * A token that is good for some time. However many callers wait, one request is made; while a renewal fails, a token
   * that still lives is handed out.
   * @throws TemporarilyUnavailableError (as rejection) where the token endpoint is out of reach, or too busy.
   * @throws Error where it refuses, with what it answered.
   */
  getToken(): Promise<string>;
  /** Forgets the token: the service that was called refused it. */
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

/** @throws TypeError for an option that is missing or makes no sense. */
export function createTokenClient(options: TokenClientOptions): TokenClient {
  assertOptions(options, KNOWN, 'createTokenClient');
  assertTexts(options);
  // RFC 6749 section 3.2: credentials never travel in the clear.
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

/** RFC 6749 section 4.4.2, with the client authenticated by HTTP Basic (section 2.3.1). */
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
    throw new TemporarilyUnavailableError({ cause: new Error(`The token endpoint answered ${status}`) });
  }
  if (status !== 200 || typeof token !== 'string' || !isNumericDate(lifetime)) {
    throw new Error(`The token endpoint answered ${status} ${typeof error === 'string' ? error : ''}`.trim());
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
