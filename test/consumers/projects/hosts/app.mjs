import express from 'express';
import {
  authenticate,
  bearerErrors,
  createKeyRing,
  loadApiKeys,
  requireScope,
  tokenRouter,
  verifiedToken,
} from 'passport-jwe';

const apiKeys = await loadApiKeys({ directory: 'api-keys' });
const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } }); // openssl rand -hex 32
const service = {
  keyRing,
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  apiKeys,
};

export const app = addRoutes(express());

export function addRoutes(app) {
  app.use('/oauth', tokenRouter(service));
  app.use('/proxied', useForwardedToken);
  app.use(authenticate({ ...service, failWithError: true }));
  app.get(['/documents', '/proxied/documents'], requireScope('read:documents'), (req, res) => {
    res.json({ documents: [], for: verifiedToken(req).claims.sub });
  });
  app.get('/drafts', requireScope('read:drafts'), (_req, res) => {
    res.json({ drafts: [] });
  });
  app.use(bearerErrors());
  return app;
}

/** Behind a proxy that signs users in, such as oauth2-proxy, only the token of the proxy counts. */
function useForwardedToken(req, _res, next) {
  const token = req.get('x-forwarded-access-token');
  if (token === undefined) delete req.headers.authorization;
  else req.headers.authorization = `Bearer ${token}`;
  next();
}
