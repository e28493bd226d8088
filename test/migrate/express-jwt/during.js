import express from 'express';
import { expressjwt } from 'express-jwt';
import { authenticate, createKeyRing, createTokenIssuer, findVerifiedToken } from 'passport-jwe';
import { checkPassword, listUsers } from '../users.js';

const issuer = 'https://app.example.com';
const audience = 'https://app.example.com/api';
const secret = process.env.JWT_SECRET;
const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } });
const tokenIssuer = createTokenIssuer({ keyRing, issuer, audience });

/** Signed tokens have three parts, encrypted ones five. */
const isSigned = (req) => req.headers.authorization?.split('.').length === 3;

const authenticateBoth = ({ credentialsRequired = true, requestProperty = 'auth' } = {}) => {
  const old = { secret, algorithms: ['HS256'], issuer, audience };
  const acceptSigned = expressjwt({ ...old, credentialsRequired, requestProperty });
  const acceptEncrypted = authenticate({ keyRing, issuer, audience, credentialsRequired });
  return (req, res, next) => {
    if (isSigned(req)) return acceptSigned(req, res, next);
    acceptEncrypted(req, res, (error) => {
      const token = findVerifiedToken(req);
      if (token !== undefined) req[requestProperty] = { ...token.claims, scope: token.scope };
      next(error);
    });
  };
};

const createToken = async (user) => {
  const scope = user.role === 'admin' ? ['read:reports', 'read:users'] : ['read:reports'];
  const claims = { name: user.name, role: user.role };
  const { token } = await tokenIssuer.issue({ subject: user.id, scope, lifetime: '15m', claims });
  return token;
};

const requireRole = (role) => (req, res, next) =>
  req.auth.role === role ? next() : res.status(403).json({ error: 'forbidden' });

const requireScope = (scope) => (req, res, next) =>
  req.auth.scope.includes(scope) ? next() : res.status(403).json({ error: 'forbidden' });

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

app.get('/news', authenticateBoth({ credentialsRequired: false, requestProperty: 'reader' }), (req, res) => {
  res.json({ reader: req.reader?.name ?? 'anonymous' });
});

app.use(authenticateBoth());

app.get('/me', (req, res) => {
  res.json({ id: req.auth.sub, name: req.auth.name });
});

app.get('/reports', requireScope('read:reports'), (_req, res) => {
  res.json({ reports: [] });
});

app.get('/users', requireRole('admin'), async (_req, res) => {
  res.json({ users: await listUsers() });
});

app.use((error, _req, res, next) => {
  if (error.name !== 'UnauthorizedError') return next(error);
  res.status(error.status).json({ error: error.code });
});

app.use((error, _req, res, _next) => {
  res.status(error.status ?? 500).json({ error: 'failed' });
});
