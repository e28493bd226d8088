import { InvalidTokenError } from '../base/errors.js';
import type { SealedContent } from './aes-gcm.js';
import { contentLengths, openContent } from './open-content.js';
import { unwrapKey, type WrappedKey } from './unwrap-key.js';

/** Decoded JWE, with the key and the algorithms to decrypt it. */
export interface EncryptedContent extends WrappedKey {
  readonly sealed: SealedContent;
  /** Encoded protected header, which the tag authenticates. */
  readonly additionalData: Uint8Array;
}

/**
 * Decrypt a JWE. Every failure of key unwrapping, MAC, tag and padding has the same error without a cause, so that no
 * response or log distinguishes them.
 *
 * @throws InvalidTokenError if a segment has the wrong length, a header parameter is malformed, or decryption fails.
 * @see RFC 7516 §5.2, §11.5
 */
export function decryptJwe(content: EncryptedContent): Buffer {
  const { enc, sealed, additionalData } = content;
  const { iv, tag } = contentLengths(enc);
  if (sealed.iv.length !== iv) throw new InvalidTokenError('iv_length');
  if (sealed.tag.length !== tag) throw new InvalidTokenError('tag_length');
  const contentKey = unwrapKey(content);
  try {
    return openContent(enc, sealed, additionalData, contentKey);
  } catch {
    throw new InvalidTokenError('decryption');
  }
}
