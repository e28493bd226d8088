import { randomUUID } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { InvalidGrantError, InvalidTokenError } from '../base/errors.js';
import type { DirectKey } from '../keys/content-key.js';
import type { KeyRingInternals } from '../keys/key-ring-internals.js';
import type { Verification } from '../keys/resolve-verification.js';
import type { ConsumedToken, FamilyName, FamilyRecord } from '../stores/family-store.js';
import { REFRESH_TOKEN_TYP } from '../token/claims/claims-set.js';
import { decryptToken } from '../token/decrypt-token.js';
import { encryptToken } from '../token/encrypt-token.js';
import { openText, sealText } from '../token/seal-text.js';
import { digestToken } from '../token/token-cache.js';

/** A presented refresh token: authentic and not expired. Its family may have ended. */
export interface PresentedToken {
  /** Secret. */
  readonly token: string;
  readonly digest: string;
  readonly family: FamilyName;
  /** The subject of its family. */
  readonly subject: string;
  /** The session that its family belongs to. */
  readonly sessionId: string;
  readonly jti: string;
  readonly expiresAt: NumericDate;
  /** Key ID of its encryption key. */
  readonly kid: string;
}

/** A newly issued refresh token. */
export interface MadeToken extends Pick<PresentedToken, 'token' | 'jti' | 'expiresAt' | 'kid'> {}

/** A successor in its stored form. */
export type SealedSuccessor = Pick<ConsumedToken, 'sealedSuccessor' | 'sealingKid'>;

/** Encrypts and decrypts the refresh tokens of one authorization server, under keys that no API has. */
export interface RefreshTokenCodec {
  /** `aud` of every token: the authorization server itself. */
  readonly audience: string;
  /** @throws TypeError (as rejection) if the key ring has no root to derive keys for refresh tokens from */
  issue(family: FamilyRecord, now: NumericDate): Promise<MadeToken>;
  /** @throws InvalidGrantError (as rejection) if the token is not a refresh token of this server, or has expired */
  open(token: string, now: NumericDate): Promise<PresentedToken>;
  /** Seals a token so that only this server can open it, and only with the consumed token. */
  seal(successor: MadeToken, consumedToken: string): SealedSuccessor;
  /**
   * Opens a sealed token.
   *
   * @returns `undefined` if it was erased, or its key is no longer in the key ring
   * @throws TemporarilyUnavailableError (as rejection) if the key source is unavailable
   */
  unseal(sealed: SealedSuccessor, consumedToken: string): Promise<string | undefined>;
}

const MAX_TOKEN_LENGTH = 4096;

/** Refresh tokens need no signature: they are encrypted under a derived key that only their issuer has. */
const NOTHING_NESTED: Verification = new Map();

export function refreshTokenCodec(keyRing: KeyRingInternals, issuer: string): RefreshTokenCodec {
  keyRing.prepare('refresh', issuer);

  return {
    audience: issuer,

    async issue({ id, state, expiresAt }, now) {
      const claims = {
        iss: issuer,
        aud: issuer,
        sub: state.subject,
        client_id: state.clientId,
        exp: Math.floor(expiresAt),
        iat: Math.floor(now),
        jti: randomUUID(),
        type: 'refresh',
        family_id: id,
        session_id: state.sessionId,
        ...(state.deviceId === undefined ? {} : { device_id: state.deviceId }),
      };
      const key = keyRing.encryptionKey('refresh', issuer);
      await keyRing.claimUse(key);
      const token = encryptToken(claims, key, { typ: REFRESH_TOKEN_TYP });
      return { token, jti: claims.jti, expiresAt: claims.exp, kid: key.kid };
    },

    async open(token, now) {
      const { header, claims, key } = await decrypt(token, now);
      const { iss, sub: subject, exp, jti, type } = claims;
      const { client_id: clientId, family_id: id, session_id: sessionId } = claims;
      const isOurs = key.purpose === 'refresh' && header['typ'] === REFRESH_TOKEN_TYP;
      if (!isOurs || iss !== issuer || type !== 'refresh') throw new InvalidGrantError('malformed');
      if (typeof clientId !== 'string' || typeof id !== 'string' || typeof sessionId !== 'string') {
        throw new InvalidGrantError('malformed');
      }
      if (typeof jti !== 'string' || typeof subject !== 'string') throw new InvalidGrantError('malformed');
      if (!(typeof exp === 'number' && exp > now)) throw new InvalidGrantError('expired');
      const family = { clientId, id };
      const identity = { family, subject, sessionId, jti };
      return { token, digest: digestToken(token), ...identity, expiresAt: exp, kid: key.kid };
    },

    seal({ token, kid }, consumedToken) {
      const key = findSealingKey(kid);
      if (key === undefined) return {};
      return {
        sealedSuccessor: sealText(token, { token: consumedToken, key: key.secret }),
        sealingKid: kid,
      };
    },

    async unseal({ sealedSuccessor, sealingKid }, consumedToken) {
      if (sealedSuccessor === undefined || sealingKid === undefined) return undefined;
      const key = findSealingKey(sealingKid) ?? (await loadSealingKey(sealingKid));
      return key && openText(sealedSuccessor, { token: consumedToken, key: key.secret });
    },
  };

  /** Keys for refresh tokens are never exported, so a copy of the store is not enough to open a successor. */
  function findSealingKey(kid: string): DirectKey | undefined {
    const key = keyRing.decryptionKey(kid);
    return key?.purpose === 'refresh' && key.alg === 'dir' ? key : undefined;
  }

  /** Another instance may have sealed it under a key version that this one has not loaded yet. */
  async function loadSealingKey(kid: string): Promise<DirectKey | undefined> {
    return (await keyRing.reloadForUnknownKey()) ? findSealingKey(kid) : undefined;
  }

  async function decrypt(token: string, now: NumericDate) {
    try {
      return await decryptToken(
        token,
        { keyRing, maxTokenLength: MAX_TOKEN_LENGTH, verification: NOTHING_NESTED },
        now,
      );
    } catch (failure) {
      throw failure instanceof InvalidTokenError ? new InvalidGrantError('malformed') : failure;
    }
  }
}
