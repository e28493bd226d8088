import { assertSecureUrl } from '../base/options.js';
import type { ProofSigner } from './proof-signer.js';

/** Source of the tokens for `createAuthorizedFetch()`. */
export interface TokenSupply {
  /** Return a valid token. */
  getToken(): Promise<string>;
  /**
   * Discard a token that a service rejected.
   *
   * @returns whether `getToken()` can return a different token
   */
  discard(rejected: string): boolean;
}

/** Properties of `createAuthorizedFetch()`. */
export interface AuthorizedFetchOptions {
  readonly tokens: TokenSupply;
  /** Signer of the proofs. Absent: the tokens are bearer tokens. */
  readonly proofs?: ProofSigner | undefined;
  /** Default: the global fetch. */
  readonly send?: typeof fetch | undefined;
}

/** Fault in a response that a second request can remedy: `error` of a challenge (RFC 9449 §9, RFC 6750 §3.1). */
type Remediable = 'use_dpop_nonce' | 'invalid_token';

/**
 * Create a `fetch` that authorizes each request by a token and, with `proofs`, by a DPoP proof (RFC 9449 §7.1).
 *
 * The function repeats a request at most once with a new nonce, and at most once with a new token. It never follows
 * redirects, because a proof is valid for one URL, and because HTTP clients send the header `DPoP` to other origins.
 */
export function createAuthorizedFetch(options: AuthorizedFetchOptions): typeof fetch {
  const { tokens, proofs } = options;
  return async (input, init = {}) => {
    const { send = fetch } = options;
    const request = describeRequest(input, init);
    const redirect = init.redirect === 'error' ? 'error' : 'manual';
    const remedies = new Set<Remediable>(['use_dpop_nonce', 'invalid_token']);
    for (;;) {
      const token = await tokens.getToken();
      const headers = await authorize(request, token, proofs);
      const response = await send(input, { ...init, headers, redirect });
      const hasNonce = proofs?.remember(request.url, response) === true;
      const fault = findFault(response, hasNonce);
      if (fault === undefined) return response;
      const canRemedy = fault === 'use_dpop_nonce' || tokens.discard(token);
      if (!canRemedy || !request.isRepeatable || !remedies.delete(fault)) return response;
      await response.body?.cancel();
    }
  };
}

interface DescribedRequest {
  readonly url: URL;
  /** Method as `fetch` sends it. */
  readonly method: string;
  /** Headers of the caller. */
  readonly headers: Headers;
  /** Whether the body can be sent a second time. */
  readonly isRepeatable: boolean;
}

/** @throws TypeError if the URL is not absolute, or would expose the token to network attackers (RFC 6750 §5.3) */
function describeRequest(input: Parameters<typeof fetch>[0], init: RequestInit): DescribedRequest {
  const request = input instanceof Request ? input : undefined;
  const url = assertSecureUrl(request?.url ?? String(input), 'fetch: the URL');
  const { method } = new Request(url, { method: init.method ?? request?.method ?? 'GET' });
  const headers = new Headers(init.headers ?? request?.headers);
  const body = init.body ?? request?.body ?? undefined;
  return { url, method, headers, isRepeatable: body === undefined || isReusable(body) };
}

/** Add the token and, with a signer, a proof to the headers of the caller. */
async function authorize(
  { url, method, headers }: DescribedRequest,
  accessToken: string,
  proofs: ProofSigner | undefined,
): Promise<Headers> {
  const authorized = new Headers(headers);
  authorized.set('Authorization', `${proofs === undefined ? 'Bearer' : 'DPoP'} ${accessToken}`);
  authorized.delete('DPoP');
  if (proofs !== undefined) authorized.set('DPoP', await proofs.sign({ method, url, accessToken }));
  return authorized;
}

/** Whether a body can be sent twice. Streams and iterators can be read only once. */
function isReusable(body: unknown): boolean {
  if (typeof body === 'string' || ArrayBuffer.isView(body)) return true;
  return [ArrayBuffer, Blob, FormData, URLSearchParams].some((kind) => body instanceof kind);
}

/** @param hasNonce whether the response has a nonce, without which a demand for one cannot be met */
function findFault({ status, headers }: Response, hasNonce: boolean): Remediable | undefined {
  if (status !== 401) return undefined;
  const challenge = headers.get('WWW-Authenticate') ?? '';
  if (hasNonce && /\berror\s*=\s*"?use_dpop_nonce\b/.test(challenge)) return 'use_dpop_nonce';
  return /\berror\s*=\s*"?invalid_token\b/.test(challenge) ? 'invalid_token' : undefined;
}
