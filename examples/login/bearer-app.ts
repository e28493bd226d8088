import express, { type Express, type Request } from 'express';
import {
  authenticate,
  bearerErrors,
  InvalidRequestError,
  requireProof,
  requireScope,
  verifiedToken,
} from 'passport-jwe';
import { ipOf } from './ip-of.js';
import { type AppClaims, endSession, service, userSessions } from './sessions.js';
import { signIn, signInErrors } from './sign-in.js';

/** Tokens in JSON bodies, for native apps and single-page apps that keep them in memory. */
export function createBearerApp(): Express {
  const app = express();
  app.use(express.json());
  app.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });

  app.post('/sign-in', async (req, res) => {
    const { id: subject, scope } = await signIn(req);
    res.json(await userSessions.start({ subject, scope, ...ipOf(req) }));
  });

  app.post('/refresh', async (req, res) => {
    res.json(await userSessions.refresh(readRefreshToken(req), ipOf(req)));
  });

  app.post('/logout', async (req, res) => {
    await endSession(readRefreshToken(req));
    res.status(204).end();
  });

  app.use(authenticate(service));

  app.post('/logout-everywhere', requireProof(), async (req, res) => {
    await userSessions.endAll(verifiedToken(req, 'user').claims.sub);
    res.status(204).end();
  });

  app.get('/documents', requireScope('read:documents'), (req, res) => {
    res.json({ documents: [], tenant: verifiedToken<AppClaims>(req).claims.tenant });
  });

  app.use(bearerErrors(), signInErrors);
  return app;
}

function readRefreshToken({ body }: Request): string {
  const { refreshToken }: { refreshToken?: unknown } = Object(body);
  if (typeof refreshToken === 'string') return refreshToken;
  throw new InvalidRequestError('The member refreshToken is required');
}
