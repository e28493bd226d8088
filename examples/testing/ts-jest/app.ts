import express from 'express';
import { type AuthenticateOptions, authenticate, requireScope, verifiedToken } from 'passport-jwe';

/** Custom claims of the application. */
export interface AppClaims {
  tenant: string;
}

/** @param auth `keyRing`, `issuer` and `audience` of the environment */
export function createApp(auth: AuthenticateOptions<AppClaims>) {
  const app = express();
  app.use(authenticate(auth));
  app.get('/documents', requireScope('read:documents'), (req, res) => {
    const { sub, tenant } = verifiedToken<AppClaims>(req).claims;
    res.json({ owner: sub, tenant });
  });
  return app;
}
