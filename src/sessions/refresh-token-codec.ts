import { randomUUID } from 'node:crypto';
import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { InvalidGrantError } from '../base/token-endpoint-errors.js';
import type { DirectKey } from '../keys/content-key.js';
import type { KeyRingInternals } from '../keys/key-ring-internals.js';
import type { Verification } from '../keys/resolve-verification.js';
import type { ConsumedToken, FamilyName, FamilyRecord } from '../stores/family-store.js';
import { REFRESH_TOKEN_TYP } from '../token/claims/claims-set.js';
import { decryptToken } from '../token/decrypt-token.js';
import { encryptToken } from '../token/encrypt-token.js';
import { openText, sealText } from '../token/seal-text.js';
import { digestToken } from '../token/token-cache.js';
import { confirmationOf, holderOf } from './key-binding.js';

/** Refresh token from a request, authentic and not expired. Its family may have ended. */
export interface PresentedToken {
  /** The encrypted token. It is a secret. */
  readonly token: string;
  readonly digest: string;
  readonly family: FamilyName;
  /** Subject of the family. */
  readonly subject: string;
  /** ID of the session to which the family belongs. */
  readonly sessionId: string;
  readonly jti: string;
  readonly expiresAt: NumericDate;
  /** Whether the family was bound to a key when this token was issued. */
  readonly isKeyBound: boolean;
  /** Key ID of the encryption key. */
  readonly kid: string;
}

/** Newly issued refresh token. */
export interface MadeToken extends Pick<PresentedToken, 'token' | 'jti' | 'expiresAt' | 'kid'> {}

/** Encrypted successor of a consumed token, as the store contains it. */
export type SealedSuccessor = Pick<ConsumedToken, 'sealedSuccessor' | 'sealingKid'>;

/**
 * Encrypts and decrypts the refresh tokens of one authorization server. The keys are never exported, so no resource
 * server can decrypt a refresh token.
 */
export interface RefreshTokenCodec {
  /** `aud` claim of every refresh token: the authorization server itself. */
  readonly audience: string;
  /**
   * Issue a refresh token for a family.
   *
   * @throws TypeError (as rejection) if the current key is not a root, from which keys for refresh tokens are derived
   */
  issue(family: FamilyRecord, now: NumericDate): Promise<MadeToken>;
  /**
   * Decrypt a refresh token and check its claims.
   *
   * @throws InvalidGrantError (as rejection) if the token is not a refresh token of this server, or has expired
   */
  open(token: string, now: NumericDate): Promise<PresentedToken>;
  /**
   * Encrypt a successor so that decryption requires both a key of this server and the consumed token.
   *
   * @returns an empty object if the key of the successor is not in the key ring
   */
  seal(successor: MadeToken, consumedToken: string): SealedSuccessor;
  /**
   * Decrypt a sealed successor.
   *
   * @returns `undefined` if the successor was erased or its key is no longer in the key ring
   * @throws TemporarilyUnavailableError (as rejection) if the key source is unavailable
   */
  unseal(sealed: SealedSuccessor, consumedToken: string): Promise<string | undefined>;
}

const MAX_TOKEN_LENGTH = 4096;

/** Refresh tokens are not signed: the derived key that encrypts them is available only to their issuer. */
const NOTHING_NESTED: Verification = new Map();

/**
 * Create the refresh-token codec of an authorization server.
 *
 * @param issuer issuer identifier of the server, for the claims `iss` and `aud`
 * @param previousIssuers further issuers whose tokens are accepted
 */
export function refreshTokenCodec(
  keyRing: KeyRingInternals,
  issuer: string,
  previousIssuers: readonly string[] = [],
): RefreshTokenCodec {
  const issuers: ReadonlySet<unknown> = new Set([issuer, ...previousIssuers]);
  for (const each of [issuer, ...previousIssuers]) keyRing.prepare('refresh', each);

  return {
    audience: issuer,

    async issue({ id, state, expiresAt }, now) {
      const cnf = confirmationOf(holderOf(state));
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
        ...(cnf === undefined ? {} : { cnf }),
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
      if (!isOurs || !issuers.has(iss) || type !== 'refresh') throw new InvalidGrantError('malformed');
      if (typeof clientId !== 'string' || typeof id !== 'string' || typeof sessionId !== 'string') {
        throw new InvalidGrantError('malformed');
      }
      if (typeof jti !== 'string' || typeof subject !== 'string') throw new InvalidGrantError('malformed');
      if (!(typeof exp === 'number' && exp > now)) throw new InvalidGrantError('expired');
      const family = { clientId, id };
      const identity = { family, subject, sessionId, jti, isKeyBound: claims['cnf'] !== undefined };
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

  /**
   * Find a key for refresh tokens. These keys are never exported, so a copy of the store does not reveal a successor.
   */
  function findSealingKey(kid: string): DirectKey | undefined {
    const key = keyRing.decryptionKey(kid);
    return key?.purpose === 'refresh' && key.alg === 'dir' ? key : undefined;
  }

  /**
   * Reload the key ring to find a key: a different instance may have sealed the successor with a newer key version.
   */
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
