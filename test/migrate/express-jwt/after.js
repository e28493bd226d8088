import express from 'express';
import {
  authenticate,
  createKeyRing,
  createTokenIssuer,
  findVerifiedToken,
  requireClaim,
  requireScope,
  verifiedToken,
} from 'passport-jwe';
import { checkPassword, listUsers } from '../users.js';

const issuer = 'https://app.example.com';
const audience = 'https://app.example.com/api';
const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } });
const tokenIssuer = createTokenIssuer({ keyRing, issuer, audience });

const createToken = async (user) => {
  const scope = user.role === 'admin' ? ['read:reports', 'read:users'] : ['read:reports'];
  const claims = { name: user.name, role: user.role };
  const { token } = await tokenIssuer.issue({ subject: user.id, scope, lifetime: '15m', claims });
  return token;
};

export const app = express();
app.use(express.json());

app.get('/health', (_req, res) => {
  res.json({ status: 'ok' });
});

app.post('/login', async (req, res) => {
  const user = await checkPassword(req.body.name, req.body.password);
  if (user === undefined) return res.status(401).json({ error: 'wrong_password' });
  res.json({ token: await createToken(user) });
});

app.get('/news', authenticate({ keyRing, issuer, audience, credentialsRequired: false }), (req, res) => {
  res.json({ reader: findVerifiedToken(req)?.claims.name ?? 'anonymous' });
});

app.use(authenticate({ keyRing, issuer, audience }));

app.get('/me', (req, res) => {
  const { sub, name } = verifiedToken(req).claims;
  res.json({ id: sub, name });
});

app.get('/reports', requireScope('read:reports'), (_req, res) => {
  res.json({ reports: [] });
});

app.get('/users', requireClaim('role', 'admin'), async (_req, res) => {
  res.json({ users: await listUsers() });
});

app.use((error, _req, res, _next) => {
  res.status(error.status ?? 500).json({ error: 'failed' });
});
