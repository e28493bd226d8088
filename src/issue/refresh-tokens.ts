import type { NumericDate } from '../base/clock.js';
import { inContext } from '../base/in-context.js';
import { InvalidGrantError } from '../base/token-endpoint-errors.js';
import type { KeyRing } from '../keys/key-ring.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import type { Revocations } from '../revocation/revocations-contract.js';
import type { RefreshFamilies } from '../sessions/refresh-contract.js';
import { createRefreshFamilies, type RefreshFamiliesParts } from '../sessions/refresh-families.js';
import { type RefreshSettings, resolveRefreshSettings } from '../sessions/refresh-settings.js';
import {
  type PresentedToken,
  type RefreshTokenCodec,
  refreshTokenCodec,
} from '../sessions/refresh-token-codec.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';

/** Parts that refresh tokens depend on. */
export interface RefreshTokenTerms extends Pick<RefreshFamiliesParts, 'audit' | 'clock'> {
  readonly keyRing: KeyRing;
  readonly issuer: string;
  /** @default [] (only refresh tokens of `issuer` are accepted) */
  readonly previousIssuers?: readonly string[];
  readonly stores: Pick<Stores, 'families'>;
  /** @default undefined (no refresh token can be revoked) */
  readonly revocations?: Revocations;
  readonly refresh: RefreshSettings;
}

/** Refresh token encryption and families of an authorization server. */
export interface RefreshTokenBackend {
  readonly codec: RefreshTokenCodec;
  readonly families: RefreshFamilies;
}

/**
 * Create the refresh tokens of an authorization server.
 *
 * @param where function that has the options, for error messages
 * @throws TypeError if refresh tokens could outlive their keys or revocations
 */
export function createRefreshTokens(terms: RefreshTokenTerms, where: string): RefreshTokenBackend {
  const { keyRing, issuer, stores, revocations, audit, clock } = terms;
  const store = requireStore(stores, 'families', where);
  const keys = internalsOf(keyRing, where);
  inContext(`${where}: keyRing`, () => keys.encryptionKey('refresh', issuer));
  const settings = resolveRefreshSettings(terms.refresh, where);
  if (settings.idleSeconds > keyRing.maxTokenLifetimeSeconds) {
    throw new TypeError(
      `${where}: refresh.idleSeconds exceeds maxTokenLifetimeSeconds of the key ring: lower refresh.idleSeconds`,
    );
  }
  if (revocations !== undefined && settings.absoluteSeconds > revocations.maxTokenLifetimeSeconds) {
    throw new TypeError(
      `${where}: revocations expire before refresh tokens: raise maxTokenLifetimeSeconds of createRevocations()`,
    );
  }
  const codec = refreshTokenCodec(keys, issuer, terms.previousIssuers);
  return { codec, families: createRefreshFamilies({ store, codec, revocations, settings, audit, clock }) };
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
