import express from 'express';
import { authenticate, requireScope, verifiedToken } from 'passport-jwe';

/** @param auth `keyRing`, `issuer` and `audience` of the environment, for `authenticate()` */
export function createApp(auth) {
  const app = express();
  app.use(authenticate(auth));
  app.get('/documents', requireScope('read:documents'), (req, res) => {
    const { sub, tenant } = verifiedToken(req).claims;
    res.json({ owner: sub, tenant });
  });
  return app;
}
