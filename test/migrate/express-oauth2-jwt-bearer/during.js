import express from 'express';
import { auth, claimCheck, claimEquals, requiredScopes } from 'express-oauth2-jwt-bearer';
import { authenticate, createDecryptionKeys, remoteJwks, trustedIssuer, verifiedToken } from 'passport-jwe';

const issuer = process.env.ISSUER;
const audience = 'https://api.example.com';
const acceptSigned = auth({ issuerBaseURL: issuer, audience });
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

/** Signed tokens have three parts, encrypted ones five. */
const isSigned = (req) => req.headers.authorization?.split('.').length === 3;

const authenticateBoth = (req, res, next) => {
  if (isSigned(req)) return acceptSigned(req, res, next);
  acceptEncrypted(req, res, (error) => {
    if (error) return next(error);
    const { claims, header, scope } = verifiedToken(req);
    req.auth = { header, payload: { ...claims, scope: scope.join(' ') } };
    next();
  });
};

export const app = express();

app.get('/health', (_req, res) => {
  res.json({ status: 'ok' });
});

app.use(authenticateBoth);

app.get('/me', (req, res) => {
  res.json({ id: req.auth.payload.sub });
});

app.get('/documents', requiredScopes('read:documents'), (req, res) => {
  res.json({ documents: [], for: req.auth.payload.sub });
});

app.get('/eu', claimEquals('region', 'eu'), (_req, res) => {
  res.json({ region: 'eu' });
});

app.get(
  '/premium',
  claimCheck((claims) => claims.plan === 'pro' || claims.plan === 'enterprise'),
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
