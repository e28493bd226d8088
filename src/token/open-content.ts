import type { KeyObject } from 'node:crypto';
import { type ContentEncryption, isContentEncryption } from '../keys/content-key.js';
import type { ContentEncryptionAlgorithm } from '../keys/jwe-algorithms.js';
import { CBC_IV_BYTES, CBC_SUITES, openAesCbcHmac } from './aes-cbc-hmac.js';
import { IV_BYTES, openAesGcm, type SealedContent, TAG_BYTES } from './aes-gcm.js';

/** Lengths of the IV and the tag in bytes. */
export interface ContentLengths {
  readonly iv: number;
  readonly tag: number;
}

const GCM_LENGTHS: ContentLengths = { iv: IV_BYTES, tag: TAG_BYTES };

/** Return the only valid lengths of the IV and the tag. @see RFC 7518 §5.2, §5.3 */
export function contentLengths(enc: ContentEncryptionAlgorithm): ContentLengths {
  return isContentEncryption(enc) ? GCM_LENGTHS : { iv: CBC_IV_BYTES, tag: CBC_SUITES[enc].tagBytes };
}

/**
 * Decrypt the content of a token with AES-GCM, or AES-CBC and HMAC. Callers must not reveal the error, because the
 * message names the failed step.
 *
 * @param additionalData encoded protected header (RFC 7516 §5.2 step 14).
 * @param contentKey content encryption key from `unwrapKey`.
 * @throws Error if a length, the tag or the padding is invalid.
 */
export function openContent(
  enc: ContentEncryptionAlgorithm,
  sealed: SealedContent,
  additionalData: Uint8Array,
  contentKey: KeyObject | Uint8Array,
): Buffer {
  if (isContentEncryption(enc)) return openGcm(enc, sealed, additionalData, contentKey);
  const bytes = contentKey instanceof Uint8Array ? contentKey : contentKey.export();
  return openAesCbcHmac(enc, sealed, additionalData, bytes);
}

/** Decrypt with AES-GCM. `node:crypto` accepts IVs of every length. */
function openGcm(
  enc: ContentEncryption,
  sealed: SealedContent,
  additionalData: Uint8Array,
  contentKey: KeyObject | Uint8Array,
): Buffer {
  if (sealed.iv.length !== IV_BYTES) throw new RangeError('the IV has the wrong length');
  return openAesGcm(enc, sealed, additionalData, contentKey);
}
