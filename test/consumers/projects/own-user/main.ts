import { randomBytes } from 'node:crypto';
import express from 'express';
import { authenticate, createKeyRing, JweStrategy, verifiedToken } from 'passport-jwe';

/** As the types of other authentication libraries do. */
interface Auth {
  readonly payload: { readonly sub?: string };
}

type AppUser = { readonly kind: 'person'; readonly name: string } | { readonly kind: 'service' };

declare global {
  namespace Express {
    interface User {
      readonly id: number;
    }
    interface Request {
      user?: AppUser;
      auth?: Auth;
    }
  }
}

const keyRing = await createKeyRing({ current: { secret: randomBytes(32) } });
const options = { keyRing, issuer: 'https://auth.example.com', audience: 'https://api.example.com' };
const app = express();
app.get('/:id', authenticate(options), (req, res) => {
  const user: AppUser | undefined = req.user;
  const auth: Auth | undefined = req.auth;
  res.json({ id: req.params.id, user, auth, sub: verifiedToken(req).claims.sub });
});
console.log(new JweStrategy(options).name);
