import jwt from 'jsonwebtoken';
import { createKeyRing, createTokenIssuer } from 'passport-jwe';
import { secretOf } from '../support/tokens.js';

const SERVICE = { issuer: 'https://app.example.com', audience: 'https://app.example.com/api' };
const JWT_SECRET = secretOf(3).toString('base64url');
const JWE_KEY = secretOf(4).toString('hex');

/** The keys of the sample applications that sign in their own users. */
export const ENVIRONMENT = { JWT_SECRET, JWE_KEY };

/** A token that the test mints for one of these applications, valid for a minute from `issuedAt`. */
export interface SampleToken {
  readonly subject: string;
  readonly scope?: readonly string[];
  /** Default: now. */
  readonly issuedAt?: number;
}

/** The `Authorization` header with a token of the old kind. */
export function signedBearer({ subject, scope, issuedAt = secondsNow() }: SampleToken): string {
  const claims = { name: subject, role: 'member', scope, iat: issuedAt };
  return `Bearer ${jwt.sign(claims, JWT_SECRET, { subject, ...SERVICE, expiresIn: 60 })}`;
}

/** The `Authorization` header with a token of the new kind. */
export async function encryptedBearer(minted: SampleToken): Promise<string> {
  const { subject, scope = [], issuedAt = secondsNow() } = minted;
  const keyRing = await createKeyRing({ current: { secret: JWE_KEY } });
  const issuer = createTokenIssuer({ keyRing, ...SERVICE, clock: () => issuedAt });
  const { token } = await issuer.issue({
    subject,
    scope,
    lifetime: '1m',
    claims: { name: subject, role: 'member' },
  });
  return `Bearer ${token}`;
}

export function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}
