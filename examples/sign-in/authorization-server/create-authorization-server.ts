import { fileURLToPath } from 'node:url';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { errors } from 'oidc-provider';
import { AccessDeniedError } from 'passport-jwe';
import { securityHeaders } from '../security-headers.js';
import type { ServerSettings } from '../settings.js';
import { type Notice, noticePage } from './pages.js';
import { createSignInRoutes, type SignInOptions } from './sign-in-routes.js';

const STYLE = fileURLToPath(new URL('../browser/style.css', import.meta.url));

/** Create the authorization server: the sign-in page, and the endpoints of oidc-provider. */
export function createAuthorizationServer(settings: ServerSettings, options: SignInOptions): Express {
  const { issuer, app, behindProxy } = settings;
  const server = express();
  server.disable('x-powered-by');
  if (behindProxy) server.set('trust proxy', 1);
  // Browsers apply form-action to the redirects after a form too, so it contains the application.
  server.use(securityHeaders(issuer, { 'script-src': "'self'", 'form-action': `'self' ${app}` }));
  server.get('/style.css', (_req, res) => res.sendFile(STYLE));
  server.use(createSignInRoutes(options));
  server.use(options.provider.callback());
  server.use(answerWithPage(app));
  return server;
}

/** Error handler of the sign-in page. Without it, Express would send the stack of unexpected errors. */
function answerWithPage(app: string): ErrorRequestHandler {
  return (error, _req, res, next) => {
    if (res.headersSent) return next(error);
    const [status, notice] = describeError(error);
    if (status === 500) console.error(error instanceof Error ? error.stack : 'Unknown error');
    res.status(status).send(noticePage({ notice, app }));
  };
}

function describeError(error: unknown): readonly [status: number, notice: Notice] {
  if (error instanceof errors.SessionNotFound) return [400, 'ended'];
  if (error instanceof AccessDeniedError) return [403, 'forbidden'];
  const { status }: { status?: unknown } = Object(error);
  return typeof status === 'number' && status < 500 ? [400, 'invalid'] : [500, 'unavailable'];
}
