import express, { type Express } from 'express';
import {
  authenticate,
  bearerErrors,
  InvalidGrantError,
  MissingCredentialsError,
  requireProof,
  requireScope,
  verifiedToken,
} from 'passport-jwe';
import { ACCESS_COOKIE, clearCookies, readRefreshCookie, setCookies } from './cookies.js';
import { rejectCrossSite } from './csrf.js';
import { ipOf } from './ip-of.js';
import { type AppClaims, endSession, service, userSessions } from './sessions.js';
import { signIn, signInErrors } from './sign-in.js';

/**
 * Tokens in cookies, for browsers.
 *
 * @param origin origin of the application, for example `https://app.example.com`
 */
export function createCookieApp(origin: string): Express {
  const app = express();
  // Sign-in is covered too: another site must not sign the user in to an account of the attacker.
  app.use(rejectCrossSite(origin), express.json());
  app.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });

  app.post('/sign-in', async (req, res) => {
    const { id: subject, scope } = await signIn(req);
    setCookies(res, await userSessions.start({ subject, scope, ...ipOf(req) }));
    res.status(204).end();
  });

  app.post('/refresh', async (req, res) => {
    const refreshToken = readRefreshCookie(req);
    if (refreshToken === undefined) throw new MissingCredentialsError();
    try {
      setCookies(res, await userSessions.refresh(refreshToken, ipOf(req)));
      res.status(204).end();
    } catch (error) {
      // Not in an outage: a later refresh can succeed.
      if (error instanceof InvalidGrantError) clearCookies(res);
      throw error;
    }
  });

  app.post('/logout', async (req, res) => {
    const refreshToken = readRefreshCookie(req);
    if (refreshToken !== undefined) await endSession(refreshToken);
    clearCookies(res);
    res.status(204).end();
  });

  app.use(authenticate({ ...service, tokenLocations: { authorization: false, cookie: ACCESS_COOKIE } }));

  app.post('/logout-everywhere', requireProof(), async (req, res) => {
    await userSessions.endAll(verifiedToken(req, 'user').claims.sub);
    clearCookies(res);
    res.status(204).end();
  });

  app.get('/documents', requireScope('read:documents'), (req, res) => {
    res.json({ documents: [], tenant: verifiedToken<AppClaims>(req).claims.tenant });
  });

  app.use(bearerErrors(), signInErrors);
  return app;
}
