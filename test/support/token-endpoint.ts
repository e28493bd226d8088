import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './http.js';

/** A token endpoint with metadata, which tests can stop, slow down and make reject requests. */
export interface TokenEndpoint {
  readonly origin: string;
  /** Headers `Authorization` and parameters of the token requests. */
  readonly requests: { readonly authorization: string; readonly parameters: URLSearchParams }[];
  /** Status of token responses, and their lifetime in seconds. */
  readonly settings: TokenEndpointSettings;
  stop(): Promise<void>;
}

interface TokenEndpointSettings {
  status: number;
  lifetime: number;
  metadata: Record<string, string>;
  delayMs: number;
  /** Whether the connection breaks within each token response. */
  breaks: boolean;
}

/** Starts an endpoint that issues the tokens `token-1`, `token-2` and so on. */
export async function startTokenEndpoint(): Promise<TokenEndpoint> {
  const requests: TokenEndpoint['requests'] = [];
  const settings: TokenEndpointSettings = {
    ...{ status: 200, lifetime: 600, metadata: {}, delayMs: 0, breaks: false },
  };
  const server = createServer(async (req, res) => {
    if (req.url === '/.well-known/oauth-authorization-server') {
      res.end(
        JSON.stringify({ issuer: origin, token_endpoint: `${origin}/oauth/token`, ...settings.metadata }),
      );
      return;
    }
    if (req.url !== '/oauth/token') {
      res.writeHead(404).end();
      return;
    }
    const parameters = new URLSearchParams(await text(req));
    requests.push({ authorization: req.headers.authorization ?? '', parameters });
    if (settings.breaks) {
      res.writeHead(200, { 'Content-Length': 100 }).write('{', () => res.destroy());
      return;
    }
    const token = `token-${requests.length}`;
    const body =
      settings.status === 200
        ? { access_token: token, token_type: 'Bearer', expires_in: settings.lifetime }
        : { error: 'invalid_client' };
    setTimeout(() => res.writeHead(settings.status).end(JSON.stringify(body)), settings.delayMs).unref();
  });
  const origin = `http://127.0.0.1:${await listen(server)}`;
  return {
    ...{ origin, requests, settings },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
