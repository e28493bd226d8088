import type { Request } from 'express';
import {
  createTokenIssuer,
  findVerifiedToken,
  JweStrategy,
  requireClaims,
  verifiedToken,
} from 'passport-jwe';
import * as v from 'valibot';
import { z } from 'zod';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

interface MyClaims {
  readonly tenant: string;
  readonly plan: 'free' | 'pro';
}

const options = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE, clock };
const claims: MyClaims = { tenant: 'acme', plan: 'pro' };

const zodSchema = z.object({ tenant: z.string(), plan: z.enum(['free', 'pro']) });
const valibotSchema = v.object({ tenant: v.string(), plan: v.picklist(['free', 'pro']) });

/** Wrong uses of custom claims. Never called: the compiler checks that each of them is an error. */
export async function useCustomClaimsWrongly(req: Request): Promise<void> {
  const issuer = createTokenIssuer<MyClaims>(options);
  // @ts-expect-error: the claims are required
  await issuer.issue({ subject: 'alice' });
  // @ts-expect-error: a claim is missing
  await issuer.issue({ subject: 'alice', claims: { tenant: 'acme' } });
  // @ts-expect-error: a claim has another value
  await issuer.issue({ subject: 'alice', claims: { ...claims, plan: 'gold' } });
  // @ts-expect-error: a claim beside the options
  await issuer.issue({ subject: 'alice', claims, tenant: 'acme' });

  const byZod = createTokenIssuer({ ...options, claimsSchema: zodSchema });
  // @ts-expect-error: a claim of another type than in the schema
  await byZod.issue({ subject: 'alice', claims: { ...claims, tenant: 1 } });
  const byValibot = createTokenIssuer({ ...options, claimsSchema: valibotSchema });
  // @ts-expect-error: a claim of another type than in the schema
  await byValibot.issue({ subject: 'alice', claims: { ...claims, tenant: 1 } });

  // @ts-expect-error: a string is no number
  const tenant: number = verifiedToken<MyClaims>(req).claims.tenant;
  // @ts-expect-error: anonymous requests have no token
  const found: string = findVerifiedToken<MyClaims>(req).claims.tenant;
  // @ts-expect-error: without their type, custom claims are unknown JSON
  const untyped: string = verifiedToken(req).claims['tenant'];

  // @ts-expect-error: a guard returns a boolean
  requireClaims<MyClaims>((given) => given.tenant);
  // @ts-expect-error: a promise of a string
  requireClaims<MyClaims>(async (given) => given.tenant);
  // @ts-expect-error: a comparison of values that are never equal
  requireClaims<MyClaims>((given) => given.plan === 'gold');
  // @ts-expect-error: tokens of some types have no subject
  requireClaims<MyClaims>((given) => given.sub.length > 0);
  // @ts-expect-error: no function
  requireClaims<MyClaims>('tenant');

  // @ts-expect-error: the verify function receives the token, not its claims
  new JweStrategy<MyClaims>(options, (given) => given.tenant);
  // @ts-expect-error: a number is no string
  new JweStrategy<MyClaims>(options, ({ claims: { tenant } }) => tenant.toFixed());

  void [tenant, found, untyped];
}
