import { generateKeyPairSync } from 'node:crypto';
import * as dpop from 'dpop';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { Issuer } from 'openid-client-5';
import { type ClientSettings, SCOPE } from './oauth-client.js';

const SCOPES = SCOPE.join(' ');

/** A client with a key, which obtains bound tokens and calls the API. */
export interface BoundClient {
  /** Obtain tokens by client credentials. @returns the `token_type`. */
  obtain(): Promise<string | undefined>;
  /** Refresh the tokens. */
  refresh(): Promise<void>;
  /** Send the access token with a new proof to the guarded route. @returns the status. */
  call(method: 'GET' | 'POST', path: string): Promise<number>;
}

/** A library with DPoP, unmodified. */
export interface DpopLibrary {
  readonly name: string;
  connect(settings: ClientSettings): Promise<BoundClient>;
}

interface Tokens {
  readonly access_token?: string | undefined;
  readonly refresh_token?: string | undefined;
  readonly token_type?: string | undefined;
}

/** oauth4webapi, whose application repeats a request for which `isDPoPNonceError()` returns true. */
const oauth4webapi: DpopLibrary = {
  name: 'oauth4webapi',
  async connect({ issuer, clientId, clientSecret }) {
    const client: oauth.Client = { client_id: clientId };
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
    const options = { DPoP, [oauth.allowInsecureRequests]: true };
    const url = new URL(issuer);
    const discovered = await oauth.discoveryRequest(url, { ...options, algorithm: 'oauth2' });
    const server = await oauth.processDiscoveryResponse(url, discovered);
    const authentication = oauth.ClientSecretPost(clientSecret);
    let tokens: Tokens = {};
    return {
      async obtain() {
        tokens = await withNonce(async () =>
          oauth.processClientCredentialsResponse(
            server,
            client,
            await oauth.clientCredentialsGrantRequest(
              server,
              client,
              authentication,
              { scope: SCOPES },
              options,
            ),
          ),
        );
        return tokens.token_type;
      },
      async refresh() {
        tokens = await withNonce(async () =>
          oauth.processRefreshTokenResponse(
            server,
            client,
            await oauth.refreshTokenGrantRequest(
              server,
              client,
              authentication,
              tokens.refresh_token ?? '',
              options,
            ),
          ),
        );
      },
      async call(method, path) {
        const target = new URL(issuer + path);
        const send = () =>
          oauth.protectedResourceRequest(
            tokens.access_token ?? '',
            method,
            target,
            undefined,
            undefined,
            options,
          );
        return (await withNonce(send)).status;
      },
    };
  },
};

async function withNonce<Result>(send: () => Promise<Result>): Promise<Result> {
  try {
    return await send();
  } catch (error) {
    if (oauth.isDPoPNonceError(error)) return send();
    throw error;
  }
}

/** Version 6 of openid-client, which repeats requests with the nonce. */
const openidClient6: DpopLibrary = {
  name: 'openid-client 6',
  async connect({ issuer, clientId, clientSecret }) {
    const authentication = openid.ClientSecretBasic(clientSecret);
    const configuration = await openid.discovery(new URL(issuer), clientId, undefined, authentication, {
      ...{ algorithm: 'oauth2', execute: [openid.allowInsecureRequests] },
    });
    const DPoP = openid.getDPoPHandle(configuration, await openid.randomDPoPKeyPair());
    let tokens: Tokens = {};
    return {
      async obtain() {
        tokens = await openid.clientCredentialsGrant(configuration, { scope: SCOPES }, { DPoP });
        return tokens.token_type;
      },
      async refresh() {
        tokens = await openid.refreshTokenGrant(configuration, tokens.refresh_token ?? '', undefined, {
          DPoP,
        });
      },
      async call(method, path) {
        const token = tokens.access_token ?? '';
        const url = new URL(issuer + path);
        const options = { DPoP };
        return (
          await openid.fetchProtectedResource(configuration, token, url, method, null, undefined, options)
        ).status;
      },
    };
  },
};

/** Version 5 of openid-client, which repeats requests with the nonce. */
const openidClient5: DpopLibrary = {
  name: 'openid-client 5',
  async connect({ metadata, issuer, clientId, clientSecret }) {
    const { Client } = await Issuer.discover(metadata);
    const client = new Client({
      client_id: clientId,
      client_secret: clientSecret,
      dpop_bound_access_tokens: true,
    });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const DPoP = { DPoP: privateKey };
    let tokens: Tokens = {};
    return {
      async obtain() {
        tokens = await client.grant({ grant_type: 'client_credentials', scope: SCOPES }, DPoP);
        return tokens.token_type;
      },
      async refresh() {
        tokens = await client.refresh(tokens.refresh_token ?? '', DPoP);
      },
      async call(method, path) {
        const response = await client.requestResource(issuer + path, tokens.access_token ?? '', {
          method,
          ...DPoP,
        });
        return response.statusCode ?? 0;
      },
    };
  },
};

/** dpop, which creates proofs only. The application sends the requests, and repeats them with the nonce. */
const proofsOnly: DpopLibrary = {
  name: 'dpop',
  async connect({ issuer, token, clientId, clientSecret }) {
    const pair = await dpop.generateKeyPair('ES256');
    const credentials = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`);
    let tokens: Tokens = {};
    let nonce: string | undefined;
    const send = async (url: string, init: RequestInit & { method: string }, accessToken?: string) => {
      const attempt = async () => {
        const proof = await dpop.generateProof(
          pair,
          url.replace(/\?.*/, ''),
          init.method,
          nonce,
          accessToken,
        );
        const response = await fetch(url, { ...init, headers: { ...init.headers, DPoP: proof } });
        nonce = response.headers.get('DPoP-Nonce') ?? nonce;
        return response;
      };
      const first = await attempt();
      return first.ok || !first.headers.has('DPoP-Nonce') ? first : attempt();
    };
    const request = async (form: Readonly<Record<string, string>>) => {
      const headers = { Authorization: `Basic ${credentials.toString('base64')}` };
      const response = await send(token, { method: 'POST', headers, body: new URLSearchParams(form) });
      tokens = await response.json();
    };
    return {
      async obtain() {
        await request({ grant_type: 'client_credentials', scope: SCOPES });
        return tokens.token_type?.toLowerCase();
      },
      refresh: () => request({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' }),
      async call(method, path) {
        const { access_token = '' } = tokens;
        const headers = { Authorization: `DPoP ${access_token}` };
        return (await send(issuer + path, { method, headers }, access_token)).status;
      },
    };
  },
};

export const DPOP_LIBRARIES: readonly DpopLibrary[] = [
  proofsOnly,
  oauth4webapi,
  openidClient6,
  openidClient5,
];
