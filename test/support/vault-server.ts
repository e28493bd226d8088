import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  errors,
  type Fields,
  type Grant,
  type Role,
  UNLIMITED,
  Vault,
  type VaultAnswer,
  type VaultRequest,
} from './vault.js';

/**
 * A stand-in for HashiCorp Vault and OpenBao, of which no server can be installed here. It follows their HTTP API as it
 * is documented (developer.hashicorp.com/vault/api-docs: the pages on the API in general, on the KV engine version 2, on
 * tokens and on AppRole), the status codes and the texts of errors those of their sources: 200 and 204; 400 for a
 * check-and-set that does not match, for a login that is refused and for a token that cannot be renewed; 403 for a token
 * that is not valid, or not for this path; 404 for what is not there, with metadata if it was deleted; 307 from a standby
 * node; 503 while sealed.
 */
export interface VaultServer {
  readonly url: string;
  /** Every request, oldest first, as `METHOD path`. */
  readonly requests: readonly string[];
  /** The tokens that came with the requests of this kind. */
  tokensOf(request: string): readonly (string | undefined)[];
  /** The headers of the last request. */
  lastHeaders(): IncomingMessage['headers'];
  /** Resolves once there were that many requests of this kind. */
  untilRequested(request: string, count: number): Promise<void>;

  /** A secret of the KV engine; each write is a version more. */
  write(path: string, fields: Fields): void;
  read(path: string): Fields | undefined;
  /** As `vault kv delete` does: the version stays, and can be undeleted. */
  deleteLast(path: string): void;
  /** A token that may read and write, unless it is `denied`. */
  addToken(token: string, grant?: Partial<Grant>): void;
  hasToken(token: string): boolean;
  addRole(role: Role): void;

  /** Time passes for the leases. */
  advance(seconds: number): void;
  setState(state: ServerState): void;
  /** What happens to the next write, once, before it is carried out. */
  beforeWrite(action: () => void): void;
  close(): Promise<void>;
}

export type ServerState =
  | 'active'
  | 'sealed'
  /** It redirects to the active node. */
  | 'standby'
  /** It accepts connections, and answers nothing. */
  | 'hung'
  /** Something in between answers in its place. */
  | 'replaced';

export interface VaultServerOptions {
  /** Requests for another one find nothing. Default: none. */
  readonly namespace?: string;
  /** Key and certificate, both as PEM. Default: plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export async function startVaultServer({ namespace, tls }: VaultServerOptions = {}): Promise<VaultServer> {
  const requests: string[] = [];
  const tokens: (string | undefined)[] = [];
  const waiting: { request: string; count: number; resolve: () => void }[] = [];
  let headers: IncomingMessage['headers'] = {};
  let state: ServerState = 'active';
  const vault = new Vault();

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const request = await readRequest(req);
    headers = req.headers;
    requests.push(`${request.method} ${request.path}`);
    tokens.push(request.token);
    for (const one of waiting) {
      if (requests.filter((other) => other === one.request).length >= one.count) one.resolve();
    }
    if (state === 'hung') return;
    if (state === 'standby') {
      res.writeHead(307, { Location: `${url}/elsewhere` }).end();
    } else if (state === 'replaced') {
      res.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>');
    } else if (state === 'sealed') {
      send(res, errors(503, 'Vault is sealed'));
    } else if (req.headers['x-vault-namespace'] !== namespace) {
      send(res, { status: 404, body: { errors: [] } });
    } else {
      send(res, vault.answer(request));
    }
  };
  const listener = (req: IncomingMessage, res: ServerResponse): void => void answer(req, res);
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === 'object' ? address?.port : '';
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;

  return {
    url,
    requests,
    tokensOf: (request) => tokens.filter((_token, index) => requests[index] === request),
    lastHeaders: () => headers,
    untilRequested: (request, count) =>
      new Promise((resolve) => {
        waiting.push({ request, count, resolve });
        if (requests.filter((other) => other === request).length >= count) resolve();
      }),
    write: (path, fields) => void vault.write(path, fields),
    read: (path) => vault.versions(path).at(-1)?.fields,
    deleteLast: (path) => vault.deleteLast(path),
    addToken: (token, grant) => void vault.addToken(token, { ...UNLIMITED, ...grant }),
    hasToken: (token) => vault.find(token) !== undefined,
    addRole: (role) => void vault.roles.push(role),
    advance: (seconds) => {
      vault.now += seconds;
    },
    setState: (next) => {
      state = next;
    },
    beforeWrite: (action) => {
      vault.beforeWrite = action;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readRequest(req: IncomingMessage): Promise<VaultRequest> {
  let text = '';
  for await (const chunk of req) text += chunk;
  const token = req.headers['x-vault-token'];
  return {
    method: req.method ?? '',
    path: (req.url ?? '').replace(/^\/v1\//, ''),
    token: typeof token === 'string' ? token : undefined,
    body: text === '' ? {} : JSON.parse(text),
  };
}

function send(res: ServerResponse, { status, body }: VaultAnswer): void {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(body === undefined ? undefined : JSON.stringify(body));
}
