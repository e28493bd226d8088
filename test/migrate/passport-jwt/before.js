import express from 'express';
import jwt from 'jsonwebtoken';
import passport from 'passport';
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt';
import { checkPassword, findUser, listUsers } from '../users.js';

const issuer = 'https://app.example.com';
const audience = 'https://app.example.com/api';
const secret = process.env.JWT_SECRET;

const findUserOfToken = async (payload, done) => {
  try {
    const user = await findUser(payload.sub);
    done(null, user ?? false);
  } catch (error) {
    done(error);
  }
};

passport.use(
  new JwtStrategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: secret,
      algorithms: ['HS256'],
      issuer,
      audience,
    },
    findUserOfToken,
  ),
);

const createToken = (user) =>
  jwt.sign({ role: user.role }, secret, { subject: user.id, issuer, audience, expiresIn: '15m' });

const authenticated = passport.authenticate('jwt', { session: false });

const requireRole = (role) => (req, res, next) =>
  req.user.role === role ? next() : res.status(403).json({ error: 'forbidden' });

export const app = express();
app.use(express.json());

app.post('/login', async (req, res) => {
  const user = await checkPassword(req.body.name, req.body.password);
  if (user === undefined) return res.status(401).json({ error: 'wrong_password' });
  res.json({ token: createToken(user) });
});

app.post('/token/renew', authenticated, (req, res) => {
  res.json({ token: createToken(req.user) });
});

app.get('/me', authenticated, (req, res) => {
  res.json({ id: req.user.id, name: req.user.name });
});

app.get('/users', authenticated, requireRole('admin'), async (_req, res) => {
  res.json({ users: await listUsers() });
});

app.use((error, _req, res, _next) => {
  res.status(error.status ?? 500).json({ error: 'failed' });
});
