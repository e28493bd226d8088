import { describe, expect, test } from '@jest/globals';
import express, { type Express, type RequestHandler } from 'express';
import passport from 'passport';
import {
  authenticate,
  createTokenIssuer,
  createTokenVerifier,
  findVerifiedToken,
  JweStrategy,
  requireClaims,
  verifiedToken,
} from 'passport-jwe';
import request from 'supertest';
import * as v from 'valibot';
import { z } from 'zod';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

// The compiler checks this file too: each expected error is a wrong use of custom claims, and nothing is cast.

interface MyClaims {
  readonly tenant: string;
  readonly plan: 'free' | 'pro';
}

const options = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE, clock };
const claims: MyClaims = { tenant: 'acme', plan: 'pro' };

const zodSchema = z.object({ tenant: z.string(), plan: z.enum(['free', 'pro']) });
const valibotSchema = v.object({ tenant: v.string(), plan: v.picklist(['free', 'pro']) });

const tokenOf = (tenant: string) =>
  createTokenIssuer<MyClaims>(options)
    .issue({ subject: 'alice', claims: { ...claims, tenant } })
    .then(({ token }) => token);

/** The answer to a request with a token of the tenant `acme`. */
async function ask(authentication: RequestHandler, ...handlers: readonly RequestHandler[]) {
  const app: Express = express();
  app.get('/:tenant', authentication, ...handlers);
  const answer = await request(app)
    .get('/acme')
    .auth(await tokenOf('acme'), { type: 'bearer' });
  return answer.body;
}

describe('custom claims have the type of the application', () => {
  test('in an issuer', async () => {
    const issuer = createTokenIssuer<MyClaims>(options);
    const issued = await issuer.issue({ subject: 'alice', claims });
    const plan: 'free' | 'pro' = issued.claims.plan;

    expect(plan).toBe('pro');
  });

  test('in a verifier', async () => {
    const verifier = createTokenVerifier<MyClaims>(options);
    const verified = await verifier.verify(await tokenOf('acme'));
    const tenant: string = verified.claims.tenant;

    expect(tenant).toBe('acme');
  });

  test('in a handler', async () => {
    const handler: RequestHandler = (req, res) => {
      const { tenant, plan, sub } = verifiedToken<MyClaims>(req).claims;
      const found: string | undefined = findVerifiedToken<MyClaims>(req)?.claims.tenant;
      res.json({ tenant: tenant.toUpperCase(), plan, sub, found });
    };

    expect(await ask(authenticate(options), handler)).toEqual({
      ...{ tenant: 'ACME', plan: 'pro', sub: 'alice', found: 'acme' },
    });
  });

  test('in a guard', async () => {
    const guard = requireClaims<MyClaims>(
      ({ tenant, plan }, req) => plan === 'pro' && tenant.toLowerCase() === req.params['tenant'],
    );

    expect(await ask(authenticate(options), guard, (_req, res) => void res.json({ passed: true }))).toEqual({
      passed: true,
    });
  });

  test('in a guard beside the claims of a token type, once the type is known', async () => {
    const guard = requireClaims<MyClaims>((given) => {
      if (given.type !== 'user') return false;
      const [subject, tenant]: readonly [string, string] = [given.sub, given.tenant];
      return subject === 'alice' && tenant === 'acme';
    });

    expect(await ask(authenticate(options), guard, (_req, res) => void res.json({ passed: true }))).toEqual({
      passed: true,
    });
  });

  test('in a verify function', async () => {
    const authenticator = new passport.Passport();
    const strategy = new JweStrategy<MyClaims>(options, async ({ claims: { tenant, sub } }) => ({
      name: `${sub}@${tenant.toLowerCase()}`,
    }));
    authenticator.use(strategy);
    const byPassport: RequestHandler = authenticator.authenticate('jwe', { session: false });

    expect(await ask(byPassport, (req, res) => void res.json(req.user))).toEqual({ name: 'alice@acme' });
  });

  test('in a verify function that receives the request', async () => {
    const authenticator = new passport.Passport();
    authenticator.use(
      new JweStrategy<MyClaims>({ ...options, passReqToCallback: true }, (req, token, done) =>
        done(null, { name: `${token.claims.tenant} ${req.params['tenant']}` }),
      ),
    );
    const byPassport: RequestHandler = authenticator.authenticate('jwe', { session: false });

    expect(await ask(byPassport, (req, res) => void res.json(req.user))).toEqual({ name: 'acme acme' });
  });
});

describe('custom claims have the type of the schema', () => {
  test('of Zod, in an issuer, a verifier and a strategy', async () => {
    const { token } = await createTokenIssuer({ ...options, claimsSchema: zodSchema }).issue({
      ...{ subject: 'alice', claims },
    });
    const verified = await createTokenVerifier({ ...options, claimsSchema: zodSchema }).verify(token);
    const plan: 'free' | 'pro' = verified.claims.plan;
    new JweStrategy({ ...options, claimsSchema: zodSchema }, (given) => given.claims.tenant.length);

    expect(plan).toBe('pro');
  });

  test('of Valibot, in an issuer, a verifier and a strategy', async () => {
    const { token } = await createTokenIssuer({ ...options, claimsSchema: valibotSchema }).issue({
      ...{ subject: 'alice', claims },
    });
    const verified = await createTokenVerifier({ ...options, claimsSchema: valibotSchema }).verify(token);
    const plan: 'free' | 'pro' = verified.claims.plan;
    new JweStrategy({ ...options, claimsSchema: valibotSchema }, (given) => given.claims.tenant.length);

    expect(plan).toBe('pro');
  });

  test('in handlers and guards that name the type of the schema', async () => {
    type Inferred = z.infer<typeof zodSchema>;
    const guard = requireClaims<Inferred>(({ plan }) => plan === 'pro');
    const handler: RequestHandler = (req, res) =>
      void res.json({ tenant: verifiedToken<Inferred>(req).claims.tenant });

    expect(await ask(authenticate({ ...options, claimsSchema: zodSchema }), guard, handler)).toEqual({
      tenant: 'acme',
    });
  });
});
