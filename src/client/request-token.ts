import type { Clock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { isJsonObject } from '../base/json.js';
import { authenticateRequest, type ClientCredentialOptions } from './authenticate-request.js';
import type { ProofSigner } from './proof-signer.js';
import { type ReceivedToken, readTokenResponse } from './read-token-response.js';

/** Token to request, and the endpoint that issues it. */
export interface TokenRequestOptions extends ClientCredentialOptions {
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
   * Timeout of a token request in milliseconds.
   *
   * @default 5000
   */
  readonly timeoutMs?: number;
  /**
   * Implementation of `fetch` for all requests of the client.
   *
   * @default the global fetch
   */
  readonly fetch?: typeof fetch;
  /**
   * Clock for the expiry of the cached token, for assertions and for DPoP proofs.
   *
   * @default the system time
   */
  readonly clock?: Clock;
}

/** Token request. Without an audience, the token endpoint chooses it. */
export interface TokenRequest extends Omit<TokenRequestOptions, 'audience'> {
  readonly audience?: string | undefined;
}

interface Answer {
  readonly response: Response;
  /** Parsed body, or `undefined` if it is not JSON. */
  readonly body: unknown;
}

/**
 * Send a client credentials request (RFC 6749 §4.4.2). With a signer, bind the token to its key, and send the request
 * again if the server demands a nonce (RFC 9449 §8).
 *
 * @throws TemporarilyUnavailableError (as rejection) if the endpoint cannot be reached, or responds with 429 or 5xx
 * @throws Error (as rejection) if the endpoint responds with an error, or without the requested type of token
 */
export async function requestToken(
  endpoint: URL,
  options: TokenRequest,
  clock: Clock,
  proofs?: ProofSigner,
): Promise<ReceivedToken> {
  const first = await sendTokenRequest(endpoint, options, clock, proofs);
  const hasNonce = proofs?.remember(endpoint, first.response) === true;
  const isDemanded = hasNonce && demandsNonce(first);
  const last = isDemanded ? await sendTokenRequest(endpoint, options, clock, proofs) : first;
  if (isDemanded) proofs.remember(endpoint, last.response);
  return readTokenResponse(last.response.status, last.body, proofs === undefined ? undefined : 'DPoP');
}

function demandsNonce({ response, body }: Answer): boolean {
  return response.status === 400 && isJsonObject(body) && body['error'] === 'use_dpop_nonce';
}

/** Send one request. An assertion and a proof are valid for one request only. */
async function sendTokenRequest(
  endpoint: URL,
  options: TokenRequest,
  clock: Clock,
  proofs: ProofSigner | undefined,
): Promise<Answer> {
  const { audience, scope, timeoutMs = 5000, fetch: send = fetch } = options;
  const credentials = await authenticateRequest(options, clock());
  const proof = await proofs?.sign({ method: 'POST', url: endpoint });
  const parameters = {
    grant_type: 'client_credentials',
    ...(audience === undefined ? {} : { audience }),
    ...(scope === undefined ? {} : { scope }),
    ...credentials.parameters,
  };
  try {
    const response = await send(endpoint, {
      method: 'POST',
      headers: { ...credentials.headers, ...(proof === undefined ? {} : { DPoP: proof }) },
      body: new URLSearchParams(parameters),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { response, body: parse(await readText(response)) };
  } catch (cause) {
    throw new TemporarilyUnavailableError({ cause });
  }
}

/** Read the body. A broken successful response is an outage, because the server may have issued a token. */
function readText(response: Response): Promise<string> {
  return response.text().catch((failure: unknown) => {
    if (response.ok) throw failure;
    return '';
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
