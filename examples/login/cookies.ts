import type { Request, Response } from 'express';
import type { SessionTokens } from 'passport-jwe';

/** With this prefix, browsers accept a cookie only from the host itself, over TLS, and for all paths (RFC 6265bis §4.1.3). */
export const ACCESS_COOKIE = '__Host-access';
const REFRESH_COOKIE = '__Host-refresh';

/** Scripts cannot read the cookies. Other sites can send them only by following a link. */
const ATTRIBUTES = { httpOnly: true, secure: true, sameSite: 'lax', path: '/' } as const;

/** As long as an unused refresh token. */
const REFRESH_MS = 30 * 24 * 3600 * 1000;

export function setCookies(res: Response, tokens: SessionTokens): void {
  res.cookie(ACCESS_COOKIE, tokens.accessToken, { ...ATTRIBUTES, maxAge: tokens.expiresInSeconds * 1000 });
  res.cookie(REFRESH_COOKIE, tokens.refreshToken, { ...ATTRIBUTES, maxAge: REFRESH_MS });
}

export function clearCookies(res: Response): void {
  res.clearCookie(ACCESS_COOKIE, ATTRIBUTES).clearCookie(REFRESH_COOKIE, ATTRIBUTES);
}

export function readRefreshCookie(req: Request): string | undefined {
  const cookies = (req.get('cookie') ?? '').split(';').map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${REFRESH_COOKIE}=`))?.slice(REFRESH_COOKIE.length + 1);
}
