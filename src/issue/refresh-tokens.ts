import type { NumericDate } from '../base/clock.js';
import { InvalidGrantError } from '../base/errors.js';
import { inContext } from '../base/in-context.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import type { RefreshFamilies } from '../sessions/refresh-contract.js';
import { createRefreshFamilies } from '../sessions/refresh-families.js';
import { resolveRefreshSettings } from '../sessions/refresh-settings.js';
import {
  type PresentedToken,
  type RefreshTokenCodec,
  refreshTokenCodec,
} from '../sessions/refresh-token-codec.js';
import { requireStore } from '../stores/require-store.js';
import type { TokenRouterSettings } from './token-router-options.js';

/** Refresh token encryption and families of a token router. */
export interface RefreshTokenBackend {
  readonly codec: RefreshTokenCodec;
  readonly families: RefreshFamilies;
}

/**
 * Create the refresh token backend of a token router.
 *
 * @returns `undefined` without the option `stores`
 * @throws TypeError if refresh tokens could outlive their keys or revocations
 */
export function createRefreshTokens(settings: TokenRouterSettings): RefreshTokenBackend | undefined {
  const { keyRing, issuer, stores, revocations, audit, clock } = settings;
  if (stores === undefined) return undefined;
  const store = requireStore(stores, 'families', 'tokenRouter');
  const keys = internalsOf(keyRing, 'tokenRouter');
  inContext('tokenRouter: keyRing', () => keys.encryptionKey('refresh', issuer));
  const lifetimes = resolveRefreshSettings(settings.refresh);
  if (lifetimes.idleSeconds > keyRing.maxTokenLifetimeSeconds) {
    throw new TypeError(
      'tokenRouter: refresh.idleSeconds exceeds maxTokenLifetimeSeconds of the key ring: lower refresh.idleSeconds',
    );
  }
  if (revocations !== undefined && lifetimes.absoluteSeconds > revocations.maxTokenLifetimeSeconds) {
    throw new TypeError(
      'tokenRouter: revocations expire before refresh tokens: raise maxTokenLifetimeSeconds of createRevocations()',
    );
  }
  const codec = refreshTokenCodec(keys, issuer);
  const families = createRefreshFamilies({ store, codec, revocations, settings: lifetimes, audit, clock });
  return { codec, families };
}

/**
 * Decrypt a refresh token.
 *
 * @returns `undefined` if the token is not a valid refresh token
 */
export async function openRefreshToken(
  refreshTokens: RefreshTokenBackend | undefined,
  token: string,
  now: NumericDate,
): Promise<PresentedToken | undefined> {
  try {
    return await refreshTokens?.codec.open(token, now);
  } catch (error) {
    if (error instanceof InvalidGrantError) return undefined;
    throw error;
  }
}
