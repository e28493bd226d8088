import express from 'express';
import {
  authenticate,
  createDecryptionKeys,
  remoteJwks,
  requireClaim,
  requireScope,
  trustedIssuer,
  verifiedToken,
} from 'passport-jwe';

const issuer = process.env.ISSUER;
const audience = 'https://api.example.com';
const acceptEncrypted = authenticate({
  trustedIssuers: [
    trustedIssuer({
      issuer,
      audience,
      scopes: ['read:documents'],
      decryption: await createDecryptionKeys({ file: process.env.KEY_FILE }), // private key of this API
      verification: remoteJwks({ url: `${issuer}.well-known/jwks.json` }),
    }),
  ],
});

export const app = express();

app.get('/health', (_req, res) => {
  res.json({ status: 'ok' });
});

app.use(acceptEncrypted);

app.get('/me', (req, res) => {
  res.json({ id: verifiedToken(req).claims.sub });
});

app.get('/documents', requireScope('read:documents'), (req, res) => {
  res.json({ documents: [], for: verifiedToken(req).claims.sub });
});

app.get('/eu', requireClaim('region', 'eu'), (_req, res) => {
  res.json({ region: 'eu' });
});

app.get(
  '/premium',
  requireClaim('plan', (plan) => plan === 'pro' || plan === 'enterprise'),
  (_req, res) => {
    res.json({ premium: true });
  },
);

app.use((error, _req, res, _next) => {
  res
    .status(error.status ?? 500)
    .set(error.headers)
    .json({ error: error.code ?? 'failed' });
});
