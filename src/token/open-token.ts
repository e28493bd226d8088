import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { isAsymmetricKey } from '../keys/content-key.js';
import type { Verification } from '../keys/resolve-verification.js';
import {
  type DecryptedToken,
  type DecryptionPolicy,
  decryptContent,
  openDirectly,
  openProven,
  type ParsedToken,
  parseClaims,
  parseToken,
} from './decrypt-token.js';
import { openManaged } from './managed-content.js';
import { verifyNestedToken } from './verify-nested-token.js';

export interface OpeningPolicy extends DecryptionPolicy {
  /** Verification keys by issuer, for nested tokens. */
  readonly verification: Verification;
  /**
   * Whether a token must prove that its issuer issued it: by the MAC of a key that is never exported, or by the signature
   * of a nested JWS. A holder of an exported access key can make neither. Default false.
   */
  readonly requiresProof?: boolean;
}

/**
 * Opens a JWE in compact serialization (RFC 7516 section 5.2) with the one key that its `kid` names, and verifies the
 * JWS that is nested in it. Where the key is known, one for direct encryption, and nothing is nested, it does so at once,
 * and returns no promise. Where the key is not known, it looks once more with what the source of the keys has by now.
 * @throws InvalidTokenError (or as rejection) for everything that is wrong with it; the reason is for the audit trail
 *   only. TemporarilyUnavailableError where the verification keys of its issuer cannot be had, or where the key is not
 *   known while the source of the keys is out of reach.
 */
export function openToken(
  token: string,
  policy: OpeningPolicy,
  now: NumericDate,
): DecryptedToken | Promise<DecryptedToken> {
  try {
    return openKnown(token, policy, now);
  } catch (error) {
    const isUnknown = error instanceof InvalidTokenError && error.reason === 'unknown_key';
    if (!isUnknown) throw error;
    return openAfterReload(token, { policy, now }, error);
  }
}

async function openAfterReload(
  token: string,
  { policy, now }: Circumstances,
  unknown: InvalidTokenError,
): Promise<DecryptedToken> {
  if (!(await policy.keyRing.reloadForUnknownKey())) throw unknown;
  return openKnown(token, policy, now);
}

function openKnown(
  token: string,
  policy: OpeningPolicy,
  now: NumericDate,
): DecryptedToken | Promise<DecryptedToken> {
  const parsed = parseToken(token, policy, now);
  const { read, key } = parsed;
  if (key.alg === 'dir' && read.header['cty'] === undefined) {
    return policy.requiresProof === true ? openProven(parsed, key) : openDirectly(parsed, key);
  }
  return openByPromise(token, parsed, { policy, now });
}

interface Circumstances {
  readonly policy: OpeningPolicy;
  readonly now: NumericDate;
}

async function openByPromise(
  token: string,
  parsed: ParsedToken,
  { policy: { verification, requiresProof }, now }: Circumstances,
): Promise<DecryptedToken> {
  const { read, key } = parsed;
  const { header, additionalData } = read;
  const isNested = header['cty'] !== undefined;
  if (isNested && verification.size === 0) throw new InvalidTokenError('content_type');
  if (!isNested && isAsymmetricKey(key)) throw new InvalidTokenError('not_signed');
  if (!isNested && requiresProof === true) throw new InvalidTokenError('unprovable');
  const plaintext =
    key.alg === 'dir' ? decryptContent(parsed, additionalData, key) : await openManaged(token, header, key);
  if (!isNested) return Object.freeze({ header, claims: parseClaims(plaintext), key });
  const { claims, signedHeader } = await verifyNestedToken(plaintext, verification, now);
  return Object.freeze({ header, claims, key, signedHeader });
}
