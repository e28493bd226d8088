import express from 'express';
import passport from 'passport';
import { bearerErrors, createKeyRing, createTokenIssuer, JweStrategy } from 'passport-jwe';
import { checkPassword, findUser, listUsers } from '../users.js';

const issuer = 'https://app.example.com';
const audience = 'https://app.example.com/api';
const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } });
const tokenIssuer = createTokenIssuer({ keyRing, issuer, audience });

const findUserOfToken = (token) => findUser(token.claims.sub);

passport.use(new JweStrategy({ keyRing, issuer, audience }, findUserOfToken));

const createToken = async (user) => {
  const claims = { role: user.role };
  const { token } = await tokenIssuer.issue({ subject: user.id, lifetime: '15m', claims });
  return token;
};

const authenticated = passport.authenticate('jwe', { session: false, failWithError: true });

const requireRole = (role) => (req, res, next) =>
  req.user.role === role ? next() : res.status(403).json({ error: 'forbidden' });

export const app = express();
app.use(express.json());

app.post('/login', async (req, res) => {
  const user = await checkPassword(req.body.name, req.body.password);
  if (user === undefined) return res.status(401).json({ error: 'wrong_password' });
  res.json({ token: await createToken(user) });
});

app.post('/token/renew', authenticated, async (req, res) => {
  res.json({ token: await createToken(req.user) });
});

app.get('/me', authenticated, (req, res) => {
  res.json({ id: req.user.id, name: req.user.name });
});

app.get('/users', authenticated, requireRole('admin'), async (_req, res) => {
  res.json({ users: await listUsers() });
});

app.use(bearerErrors());

app.use((error, _req, res, _next) => {
  res.status(error.status ?? 500).json({ error: 'failed' });
});
