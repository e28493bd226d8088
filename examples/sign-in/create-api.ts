import cors from 'cors';
import express, { type Express } from 'express';
import {
  authenticate,
  bearerErrors,
  createDecryptionKeys,
  discoverJwks,
  oidcProvider,
  type Revocations,
  requireScope,
  verifiedToken,
} from 'passport-jwe';
import type { Keys } from './keys.js';
import { SCOPES } from './people.js';
import type { ServerSettings } from './settings.js';

/** Create the API. It opens the access tokens of the authorization server, which no other party can read. */
export async function createApi(
  { issuer, api, app }: ServerSettings,
  { kid, privateKey }: Keys['api'],
  revocations: Revocations,
): Promise<Express> {
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid };
  const server = express();
  server.disable('x-powered-by');
  server.use(cors({ origin: app, exposedHeaders: ['WWW-Authenticate'], maxAge: 600 }));
  server.use((_req, res, next) => {
    res.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
    next();
  });
  server.use(
    authenticate({
      trustedIssuers: [
        oidcProvider({
          issuer,
          audience: api,
          scopes: SCOPES,
          decryption: await createDecryptionKeys({ jwk }),
          verification: discoverJwks({ issuer, allowPrivate: issuer.startsWith('http:') }),
        }),
      ],
      revocations,
    }),
  );

  server.get('/profile', requireScope('read:profile'), (req, res) => {
    const { sub, name, email } = verifiedToken<{ name?: string; email?: string }>(req).claims;
    res.json({ sub, name, email, scope: verifiedToken(req).scope });
  });

  server.get('/documents', requireScope('read:documents'), (_req, res) => {
    res.json({ documents: ['Travel policy', 'Holiday calendar'] });
  });

  server.use(bearerErrors());
  return server;
}
