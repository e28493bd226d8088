import type { NumericDate } from '../clock.js';
import { InvalidGrantError } from '../errors.js';
import type { RefreshFamilies } from '../sessions/refresh-families.js';
import type { PresentedToken, RefreshTokenCodec } from '../sessions/refresh-token.js';

/** What refresh tokens are made and kept by. */
export interface Sessions {
  readonly codec: RefreshTokenCodec;
  readonly families: RefreshFamilies;
}

/** A refresh token among tokens of any kind; `undefined` for all others. */
export function openRefreshToken(
  sessions: Sessions | undefined,
  token: string,
  now: NumericDate,
): PresentedToken | undefined {
  try {
    return sessions?.codec.open(token, now);
  } catch (error) {
    if (error instanceof InvalidGrantError) return undefined;
    throw error;
  }
}
