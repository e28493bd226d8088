import express from 'express';
import { auth, claimCheck, claimEquals, requiredScopes } from 'express-oauth2-jwt-bearer';

const issuer = process.env.ISSUER;
const audience = 'https://api.example.com';

export const app = express();

app.get('/health', (_req, res) => {
  res.json({ status: 'ok' });
});

app.use(auth({ issuerBaseURL: issuer, audience }));

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
