import { isNumericDate, type NumericDate } from '../base/clock.js';
import type { DecryptionKey } from './decryption-key.js';
import {
  CONTENT_KEY_BYTES,
  type ContentEncryptionAlgorithm,
  isContentEncryptionAlgorithm,
  isKeyManagementAlgorithm,
  KEY_MANAGEMENT,
  type KeyManagementAlgorithm,
} from './jwe-algorithms.js';
import { type Jwk, readForeignKid, readPeriod } from './jwk.js';
import { jwkThumbprint } from './jwk-thumbprint.js';

/** Members for keys that do not have them, for example PEM keys. */
export interface DecryptionKeyDefaults {
  /**
   * Key ID of a key without `kid`, 1 to 256 visible ASCII characters.
   *
   * @default the SHA-256 thumbprint of the key (RFC 7638)
   */
  readonly kid?: string;
  /**
   * Only key management algorithm for which the keys may be used.
   *
   * @default `alg` of the JWK, otherwise undefined (all algorithms of the key type that the issuer may use)
   */
  readonly alg?: KeyManagementAlgorithm;
  /**
   * Only content encryption algorithm for which the keys may be used.
   *
   * @default `enc` of the JWK, otherwise undefined (all algorithms that the issuer may use)
   */
  readonly enc?: ContentEncryptionAlgorithm;
  /**
   * Time from which the keys no longer decrypt, in seconds since 1970. An earlier `exp` of the JWK takes precedence.
   *
   * @default `exp` of the JWK, otherwise undefined (no expiry)
   */
  readonly notAfter?: NumericDate;
}

export interface DecryptionTraits {
  readonly kid: string;
  readonly alg?: KeyManagementAlgorithm;
  readonly enc?: ContentEncryptionAlgorithm;
  readonly notAfter?: NumericDate;
}

/**
 * Read the key ID, the algorithms and the expiry of a decryption key. A symmetric JWK with the name of a content
 * encryption algorithm as `alg` is a key for `dir` with this algorithm.
 *
 * @throws TypeError if a member is malformed, unsupported or not for this type of key, or the JWK has a different value
 *   than the location.
 */
export function readDecryptionTraits(
  jwk: Jwk,
  type: DecryptionKey['type'],
  defaults: DecryptionKeyDefaults,
): DecryptionTraits {
  const direct = type === 'secret' && isContentEncryptionAlgorithm(jwk['alg']) ? jwk['alg'] : undefined;
  const alg = unify('alg', direct === undefined ? jwk['alg'] : 'dir', defaults.alg);
  const enc = unify('enc', unify('enc', jwk['enc'], direct), defaults.enc);
  const kid = unify('kid', jwk['kid'], defaults.kid);
  assertAlgorithm(alg, type);
  if (enc !== undefined && !isContentEncryptionAlgorithm(enc))
    throw new TypeError(
      `enc must be one of ${Object.keys(CONTENT_KEY_BYTES).join(', ')}: correct or remove enc`,
    );
  const notAfter = readExpiry(jwk, defaults);
  return {
    kid: kid === undefined ? jwkThumbprint(jwk) : readForeignKid({ kid }),
    ...(alg === undefined ? {} : { alg }),
    ...(enc === undefined ? {} : { enc }),
    ...(notAfter === undefined ? {} : { notAfter }),
  };
}

/** Return the only value of a member. An ignored second value could permit an algorithm by mistake. */
function unify(name: string, own: unknown, other: unknown): unknown {
  if (own !== undefined && other !== undefined && own !== other)
    throw new TypeError(
      `${name} has two different values: remove it from the key location, or correct the JWK`,
    );
  return own ?? other;
}

function assertAlgorithm(
  alg: unknown,
  type: DecryptionKey['type'],
): asserts alg is KeyManagementAlgorithm | undefined {
  if (alg === undefined || (isKeyManagementAlgorithm(alg) && KEY_MANAGEMENT[alg] === type)) return;
  const names = Object.entries(KEY_MANAGEMENT).flatMap(([name, required]) =>
    required === type ? [name] : [],
  );
  const others = type === 'secret' ? Object.keys(CONTENT_KEY_BYTES) : [];
  throw new TypeError(
    `alg must be one of ${[...names, ...others].join(', ')} for this type of key: correct or remove alg`,
  );
}

function readExpiry(jwk: Jwk, { notAfter: limit }: DecryptionKeyDefaults): NumericDate | undefined {
  if (limit !== undefined && !isNumericDate(limit)) {
    throw new TypeError(
      'notAfter must be a NumericDate in seconds since 1970, not milliseconds, for example 1798761600',
    );
  }
  const { notAfter: own = limit } = readPeriod(jwk);
  return own === undefined || limit === undefined ? own : Math.min(own, limit);
}
