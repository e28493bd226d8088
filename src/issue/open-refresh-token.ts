import type { NumericDate } from '../base/clock.js';
import { InvalidGrantError } from '../base/errors.js';
import type { RefreshFamilies } from '../sessions/refresh-contract.js';
import type { PresentedToken, RefreshTokenCodec } from '../sessions/refresh-token-codec.js';

/** What refresh tokens are made and kept by. */
export interface RefreshParts {
  readonly codec: RefreshTokenCodec;
  readonly families: RefreshFamilies;
}

/** A refresh token among tokens of any kind; `undefined` for all others. */
export async function openRefreshToken(
  sessions: RefreshParts | undefined,
  token: string,
  now: NumericDate,
): Promise<PresentedToken | undefined> {
  try {
    return await sessions?.codec.open(token, now);
  } catch (error) {
    if (error instanceof InvalidGrantError) return undefined;
    throw error;
  }
}
