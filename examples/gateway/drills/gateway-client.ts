import { Agent } from 'node:http';
import { sendRequest } from './send-request.js';

type Parameters = Readonly<Record<string, string>>;

/** Response of the gateway. `text` contains the error code of the connection if there is no response. */
export interface GatewayAnswer {
  readonly status: number;
  readonly text: string;
}

/** Response of the token endpoint. */
export interface TokenAnswer extends GatewayAnswer {
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
}

/** Client of the gateway, with a new connection for each request and without retries. */
export class GatewayClient {
  readonly #addresses: readonly string[];
  readonly #agent = new Agent({ keepAlive: false });
  #sent = 0;

  /**
   * @param addresses addresses of the client, one for each request in turn. Failed authentications are limited by
   *   address.
   */
  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
  }

  /** Exchanges an API key for tokens. */
  exchange(origin: string, apiKey: string, parameters: Parameters = {}): Promise<TokenAnswer> {
    return this.#requestTokens(origin, apiKey, { grant_type: 'client_credentials', ...parameters });
  }

  /**
   * Exchanges a refresh token for its successor.
   *
   * @param apiKey API key, or `undefined` for a public client.
   */
  refresh(
    origin: string,
    apiKey: string | undefined,
    refreshToken: string,
    parameters: Parameters = {},
  ): Promise<TokenAnswer> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, ...parameters };
    return this.#requestTokens(origin, apiKey, form);
  }

  /** Uses an access token. */
  getDocuments(origin: string, token: string): Promise<GatewayAnswer> {
    return this.#send(`${origin}/documents`, 'GET', { authorization: `Bearer ${token}` });
  }

  /** Revokes a token of the client. */
  revoke(origin: string, apiKey: string, token: string): Promise<GatewayAnswer> {
    return this.#post(`${origin}/oauth/revoke`, apiKey, { token });
  }

  async #requestTokens(
    origin: string,
    apiKey: string | undefined,
    parameters: Parameters,
  ): Promise<TokenAnswer> {
    const answer = await this.#post(`${origin}/oauth/token`, apiKey, parameters);
    const tokens = answer.status === 200 ? JSON.parse(answer.text) : {};
    return { ...answer, accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
  }

  #post(url: string, apiKey: string | undefined, parameters: Parameters): Promise<GatewayAnswer> {
    const headers = {
      ...(apiKey !== undefined && { 'x-api-key': apiKey }),
      'content-type': 'application/x-www-form-urlencoded',
    };
    return this.#send(url, 'POST', headers, String(new URLSearchParams(parameters)));
  }

  async #send(url: string, method: 'GET' | 'POST', headers: Parameters, body = ''): Promise<GatewayAnswer> {
    const address = this.#addresses[this.#sent % this.#addresses.length] ?? '';
    this.#sent += 1;
    const sent = { agent: this.#agent, method, headers: { ...headers, 'x-forwarded-for': address }, body };
    const { status, text, error } = await sendRequest(url, sent);
    return { status, text: error ?? text };
  }
}

/** Returns addresses of a network for documentation (RFC 5737). */
export function addressesIn(network: '192.0.2' | '198.51.100' | '203.0.113'): readonly string[] {
  return Array.from({ length: 250 }, (_, index) => `${network}.${index + 1}`);
}
