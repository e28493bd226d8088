import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';
import type { Clock, NumericDate } from '../../src/base/clock.js';
import { listen } from './http.js';
import { NOW } from './tokens.js';

/** Request that the server received. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
  /** Claims of a valid proof. Empty without one. */
  readonly proof: JWTPayload;
  /** Status of the response. */
  readonly status: number;
}

/** Answer to one API request, in place of 200. `undefined` leaves the request to the server. */
export type Override = (
  path: string,
  attempt: number,
) => readonly [status: number, headers: object] | undefined;

/** An authorization server at `/token` and an API at all other paths, on one origin, with strict proofs (RFC 9449 §4.3). */
export interface DpopServer {
  readonly origin: string;
  readonly tokenRequests: readonly ReceivedRequest[];
  readonly apiRequests: readonly ReceivedRequest[];
  /** Nonces that the server requires. An empty string: none. */
  nonces: { token: string; api: string };
  /** Rotated nonces, which 2xx answers announce. */
  next: { token?: string; api?: string };
  tokenType: string;
  /** Tokens that the API rejects. */
  readonly revoked: Set<string>;
  override: Override;
  stop(): Promise<void>;
}

/** Start a server. */
export async function startDpopServer(clock: Clock = () => NOW): Promise<DpopServer> {
  const tokenRequests: ReceivedRequest[] = [];
  const apiRequests: ReceivedRequest[] = [];
  const bound = new Map<string, string>();
  const used = new Set<unknown>();
  const http = createServer((req, res) => {
    answer(req, res).catch((failure) => res.writeHead(500).end(String(failure)));
  });
  const origin = `http://127.0.0.1:${await listen(http)}`;
  const server: DpopServer = {
    ...{ origin, tokenRequests, apiRequests, revoked: new Set<string>(), tokenType: 'DPoP' },
    ...{ nonces: { token: '', api: '' }, next: {}, override: () => undefined },
    stop: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req);
    const role = req.url === '/token' ? 'token' : 'api';
    const requests = role === 'token' ? tokenRequests : apiRequests;
    const [path = ''] = (req.url ?? '').split('?');
    const authorization = req.headers.authorization ?? '';
    const entry = { method: req.method ?? '', path, authorization, body };
    const respond = (status: number, headers: object, content: object, proof: JWTPayload = {}): void => {
      requests.push({ ...entry, proof, status });
      const nonce = status < 300 ? server.next[role] : undefined;
      const rotation = nonce === undefined ? {} : { 'DPoP-Nonce': nonce };
      res.writeHead(status, { ...rotation, ...headers }).end(JSON.stringify(content));
    };
    const reject = (error: string, proof?: JWTPayload): void => {
      const nonce = error === 'use_dpop_nonce' ? { 'DPoP-Nonce': server.nonces[role] } : {};
      const challenge = { 'WWW-Authenticate': `Bearer realm="api", DPoP algs="ES256", error="${error}"` };
      if (role === 'token') respond(400, nonce, { error }, proof);
      else respond(401, { ...nonce, ...challenge }, { error }, proof);
    };

    const [, accessToken] = /^DPoP (.+)$/.exec(authorization) ?? [];
    if (role === 'api' && accessToken === undefined) return reject('invalid_token');
    const checked = await checkProof(req, { htu: `${origin}${path}`, accessToken, used, time: clock() });
    if (checked === undefined) return reject('invalid_dpop_proof');
    const { claims, jkt } = checked;
    if (server.nonces[role] !== '' && claims['nonce'] !== server.nonces[role])
      return reject('use_dpop_nonce', claims);
    if (role === 'token') {
      const token = `t${bound.size + 1}`;
      bound.set(token, jkt);
      respond(200, {}, { access_token: token, token_type: server.tokenType, expires_in: 300 }, claims);
      return;
    }
    const token = String(accessToken);
    if (bound.get(token) !== jkt || server.revoked.has(token)) return reject('invalid_token', claims);
    const [status, headers] = server.override(path, apiRequests.length) ?? [200, {}];
    respond(status, headers, { path, body }, claims);
  }

  return server;
}

interface Expected {
  readonly htu: string;
  readonly accessToken: string | undefined;
  readonly used: Set<unknown>;
  readonly time: NumericDate;
}

/** @returns `undefined` unless the proof passes every check except the nonce (RFC 9449 §4.3) */
async function checkProof(
  req: IncomingMessage,
  { htu, accessToken, used, time }: Expected,
): Promise<{ claims: JWTPayload; jkt: string } | undefined> {
  const proofs = req.headersDistinct['dpop'] ?? [];
  const currentDate = new Date(time * 1000);
  const options = { typ: 'dpop+jwt', algorithms: ['ES256', 'EdDSA'], maxTokenAge: 60, currentDate };
  const verified = await jwtVerify(proofs.join(), EmbeddedJWK, options).catch(() => undefined);
  const jwk = verified?.protectedHeader.jwk;
  if (proofs.length !== 1 || verified === undefined || jwk === undefined) return undefined;
  const { payload: claims, protectedHeader } = verified;
  const ath = accessToken && createHash('sha256').update(accessToken).digest('base64url');
  const isExpected =
    Object.keys(protectedHeader).sort().join() === 'alg,jwk,typ' &&
    Object.keys(jwk).every((member) => ['kty', 'crv', 'x', 'y'].includes(member)) &&
    claims['htm'] === req.method &&
    claims['htu'] === htu &&
    claims['ath'] === ath &&
    typeof claims.jti === 'string' &&
    !used.has(claims.jti);
  if (!isExpected) return undefined;
  used.add(claims.jti);
  return { claims, jkt: await calculateJwkThumbprint(jwk) };
}
