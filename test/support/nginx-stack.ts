import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { type AuthService, startAuthService } from './auth-service.js';
import { type EchoBackend, startEchoBackend } from './echo-backend.js';
import { readPageBlocks } from './page-blocks.js';
import { mintToken } from './tokens.js';
import { NGINX, startWebServer, type WebServer } from './web-server.js';

/** nginx with the configuration of docs/recipes/nginx.md, in front of an auth service and a backend. */
export interface NginxStack {
  readonly port: number;
  readonly auth: AuthService;
  readonly backend: EchoBackend;
  /** A token that every location accepts. */
  readonly token: string;
  /** Send a request through nginx. */
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Start another nginx with the same configuration. */
  startOther(ports: { readonly auth?: number; readonly backend?: number }): Promise<WebServer>;
}

/** Names of the identity headers. */
export const IDENTITY_HEADERS: readonly string[] = [
  ...['X-Auth-Subject', 'X-Auth-Issuer', 'X-Auth-Client', 'X-Auth-Scope'],
  ...['X-Auth-Token-Type', 'X-Auth-Expires'],
];

/** Code blocks of the page, by name. */
export const NGINX_BLOCKS = await readPageBlocks(new URL('../../docs/recipes/nginx.md', import.meta.url));

/** Start the servers before the tests of a `describe`, and close them afterwards. Each test begins with valid tokens. */
export function setUpNginx(): NginxStack {
  let stack: NginxStack | undefined;
  const closers: (() => unknown)[] = [];

  beforeAll(async () => {
    const backend = await startEchoBackend();
    closers.push(backend.close);
    const auth = await startAuthService();
    closers.push(auth.close);
    const startOther: NginxStack['startOther'] = (ports) =>
      startWebServer(NGINX, NGINX_BLOCKS.get('nginx') ?? '', {
        'listen 8080': 'listen 127.0.0.1:PORT',
        'location /documents/ {':
          'location /open/ { proxy_pass http://api/open/; }\n\n  location /documents/ {',
        '127.0.0.1:3001': `127.0.0.1:${ports.auth ?? auth.port}`,
        '127.0.0.1:3000': `127.0.0.1:${ports.backend ?? backend.port}`,
      });
    const nginx = await startOther({});
    closers.push(nginx.close);
    const get: NginxStack['get'] = (path, init) => fetch(nginx.origin + path, init);
    stack = { port: nginx.port, auth, backend, token: mintToken(auth.keyRing), get, startOther };
  });

  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  beforeEach(() => {
    stack?.auth.setAnswer('valid');
    stack?.auth.take();
    stack?.backend.take();
  });

  const started = (): NginxStack => {
    if (stack === undefined) throw new Error('The servers start before the tests');
    return stack;
  };
  return {
    get port() {
      return started().port;
    },
    get auth() {
      return started().auth;
    },
    get backend() {
      return started().backend;
    },
    get token() {
      return started().token;
    },
    get: (path, init) => started().get(path, init),
    startOther: (ports) => started().startOther(ports),
  };
}

/** Options of `fetch()` with a token. */
export function authorized(token: string): { readonly headers: { readonly Authorization: string } } {
  return { headers: { Authorization: `Bearer ${token}` } };
}
