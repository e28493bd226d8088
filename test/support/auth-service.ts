import { createServer, type IncomingHttpHeaders } from 'node:http';
import express from 'express';
import { type ForwardAuthOptions, forwardAuth, type KeyRing, RateLimitExceededError } from 'passport-jwe';
import { listen } from './http.js';
import { AUDIENCE, clock, createRing, ISSUER } from './tokens.js';

/** What the auth service learns about every token from its store. */
export type StoreAnswer = 'valid' | 'revoked' | 'unavailable' | 'limited';

/** Request of a proxy for forward authentication. */
export interface AuthRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Length of the body. */
  bytes: number;
}

/** Auth service of the recipes, whose tokens can be revoked at any time. */
export interface AuthService {
  readonly port: number;
  readonly keyRing: KeyRing;
  /** Set what the service learns about tokens. */
  setAnswer(answer: StoreAnswer): void;
  /** Requests since the last call, in their order. */
  take(): readonly AuthRequest[];
  close(): void;
}

/** Start an auth service: `/auth/documents` requires a scope, `/auth/events` accepts anonymous requests and DPoP. */
export async function startAuthService(changed: Partial<ForwardAuthOptions> = {}): Promise<AuthService> {
  let answer: StoreAnswer = 'valid';
  let asked: AuthRequest[] = [];
  const isRevoked = (): boolean => {
    if (answer === 'unavailable') throw new Error('the store is down');
    if (answer === 'limited')
      throw new RateLimitExceededError(7, [{ name: 'minute', quota: 1, windowSeconds: 60, remaining: 0 }]);
    return answer === 'revoked';
  };
  const keyRing = await createRing();
  const options = {
    keyRing,
    issuer: ISSUER,
    audience: AUDIENCE,
    clock,
    revocations: { isRevoked },
    ...changed,
  };
  const dpop = { mode: 'allow', baseUrl: AUDIENCE } as const;
  const app = express().set('env', 'test');
  app.use((req, _res, next) => {
    const { method, originalUrl: url, headers } = req;
    const entry: AuthRequest = { method, url, headers, bytes: 0 };
    asked.push(entry);
    req.on('data', (chunk) => {
      entry.bytes += chunk.length;
    });
    next();
  });
  app.get('/auth/documents', forwardAuth({ ...options, scope: 'read:documents' }));
  app.get('/auth/events', forwardAuth({ ...options, dpop, credentialsRequired: false }));
  const server = createServer(app);
  return {
    port: await listen(server),
    keyRing,
    setAnswer: (next) => {
      answer = next;
    },
    take() {
      const taken = asked;
      asked = [];
      return taken;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
