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

/** A refresh token as a client presented it: authentic and not expired, whatever became of its family. */
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
  /** Key under which it is encrypted. */
  readonly kid: string;
}

/** A refresh token that was just made. */
export interface MadeToken extends Pick<PresentedToken, 'token' | 'jti' | 'expiresAt' | 'kid'> {}

/** A successor as stores keep it. */
export type SealedSuccessor = Pick<ConsumedToken, 'sealedSuccessor' | 'sealingKid'>;

/** Makes and opens refresh tokens of one authorization server: encrypted under keys that no API holds. */
export interface RefreshTokenCodec {
  /** `aud` of every token: the authorization server itself. */
  readonly audience: string;
  /** @throws TypeError (as rejection) where the key ring has no root, from which such keys are derived. */
  issue(family: FamilyRecord, now: NumericDate): Promise<MadeToken>;
  /** @throws InvalidGrantError (as rejection) for what is no refresh token of this server, or has expired. */
  open(token: string, now: NumericDate): Promise<PresentedToken>;
  /** Seals a token so that only this server can open it, and only when it is given the consumed token. */
  seal(successor: MadeToken, consumedToken: string): SealedSuccessor;
  /**
   * The token that was sealed; `undefined` if it was erased, or its key has left the key ring.
   * @throws TemporarilyUnavailableError (as rejection) if the source of the keys is unavailable.
   */
  unseal(sealed: SealedSuccessor, consumedToken: string): Promise<string | undefined>;
}

const MAX_TOKEN_LENGTH = 4096;

/** Refresh tokens are encrypted under a derived key, which only who issues them has: they need no signature. */
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

  /** Keys for refresh tokens are never exported, so a copy of the store opens nothing. */
  function findSealingKey(kid: string): DirectKey | undefined {
    const key = keyRing.decryptionKey(kid);
    return key?.purpose === 'refresh' && key.alg === 'dir' ? key : undefined;
  }

  /** Another instance may have sealed it under a version that this one has not loaded yet. */
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
