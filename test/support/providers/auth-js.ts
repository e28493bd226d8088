import { hkdfSync, randomUUID } from 'node:crypto';
import { Auth, type AuthConfig } from '@auth/core';
import credentials from '@auth/core/providers/credentials';
import { EncryptJWT } from 'jose';
import { type CookieJar, createCookieJar } from './cookie-jar.js';

/** A web application that signs users in with Auth.js. */
export interface AuthJsApplication {
  /** The first one encrypts. */
  readonly secret: string | readonly [string, ...string[]];
  /** Default: `https://app.example.com`, whose cookies are secure. */
  readonly origin?: string;
  /** Claims that the application adds to those of Auth.js. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Lifetime of the session in seconds. Default: that of Auth.js, 30 days. */
  readonly maxAge?: number;
}

/** Signs alice in by a form, with the real Auth.js, and gives the cookies that her browser has then. */
export async function signInWithAuthJs(application: AuthJsApplication): Promise<CookieJar> {
  const { origin = 'https://app.example.com' } = application;
  const config = configOf(application);
  const cookies = createCookieJar();
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const request = new Request(`${origin}/auth/${path}`, { ...init, headers: { cookie: cookies.header() } });
    const answer = await Auth(request, config);
    cookies.keep(answer);
    return answer;
  };
  const { csrfToken } = await (await send('csrf')).json();
  const body = new URLSearchParams({ csrfToken, callbackUrl: origin });
  const { headers } = await send('callback/credentials', { method: 'POST', body });
  if (headers.get('location') !== origin) throw new Error(`Not signed in: ${headers.get('location')}`);
  return cookies;
}

function configOf({ secret, claims = {}, maxAge }: AuthJsApplication): AuthConfig {
  return {
    secret: [secret].flat(),
    basePath: '/auth',
    trustHost: true,
    session: { strategy: 'jwt', ...(maxAge === undefined ? {} : { maxAge }) },
    providers: [
      credentials({ authorize: () => ({ id: 'alice', name: 'Alice', email: 'alice@example.com' }) }),
    ],
    callbacks: { jwt: ({ token }) => ({ ...token, ...claims }) },
  };
}

/** Lifetime of sessions of NextAuth in seconds. */
const THIRTY_DAYS = 2_592_000;

/** A session as NextAuth 4 writes it: done again from `next-auth/jwt` 4.24, which is not installed here. */
export function encodeNextAuthSession(
  secret: string,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const key = hkdfSync('sha256', secret, '', 'NextAuth.js Generated Encryption Key', 32);
  const now = Math.floor(Date.now() / 1000);
  return new EncryptJWT({ name: 'Alice', email: 'alice@example.com', sub: 'alice', ...claims })
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setIssuedAt(now)
    .setExpirationTime(now + THIRTY_DAYS)
    .setJti(randomUUID())
    .encrypt(new Uint8Array(key));
}
