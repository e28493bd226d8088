import { InvalidTokenError } from '../base/errors.js';
import {
  type ContentEncryptionAlgorithm,
  isContentEncryptionAlgorithm,
  isKeyManagementAlgorithm,
  type KeyManagementAlgorithm,
} from '../keys/jwe-algorithms.js';
import type { SealedContent } from '../token/aes-gcm.js';
import { decodeAsciiBase64url, SegmentDecoder, type Segments } from '../token/compact-serialization.js';
import { contentLengths, openContent } from '../token/open-content.js';
import type { ExternalHeader } from '../token/read-external-header.js';
import { unwrapKey } from '../token/unwrap-key.js';
import type { KeyCandidate } from './select-decryption-keys.js';

/** Plaintext of a token, and the key that decrypted it. */
export interface Decrypted {
  readonly plaintext: Buffer;
  readonly candidate: KeyCandidate;
}

/**
 * Decrypt a token with the only key that matches, or with each of two. Both are always tried, so the time does not tell
 * which one succeeded.
 *
 * @throws InvalidTokenError if a segment is malformed, or no key decrypts the token. The error is the same whether key
 *   unwrapping, the MAC or the padding failed (RFC 7516 §11.5)
 */
export function decryptWithCandidates(
  segments: Segments,
  header: ExternalHeader,
  candidates: readonly KeyCandidate[],
): Decrypted {
  const sealed = decodeSegments(segments, header);
  const isOnly = candidates.length === 1;
  const [first] = candidates.flatMap((candidate) => decrypt(sealed, candidate, isOnly));
  if (first !== undefined) return first;
  const [{ key } = { key: undefined }] = candidates;
  throw new InvalidTokenError('decryption', undefined, key === undefined ? {} : { kid: key.kid });
}

interface DecodedToken extends SealedContent {
  readonly alg: KeyManagementAlgorithm;
  readonly enc: ContentEncryptionAlgorithm;
  readonly header: ExternalHeader;
  readonly additionalData: Buffer;
  readonly encryptedKey: Buffer;
}

function decodeSegments(segments: Segments, header: ExternalHeader): DecodedToken {
  const { alg, enc } = header;
  if (!isKeyManagementAlgorithm(alg) || !isContentEncryptionAlgorithm(enc)) {
    throw new InvalidTokenError('algorithm');
  }
  const lengths = contentLengths(enc);
  const iv = ivs.decode(segments.iv);
  const tag = tags.decode(segments.tag);
  if (iv.length !== lengths.iv) throw new InvalidTokenError('iv_length');
  if (tag.length !== lengths.tag) throw new InvalidTokenError('tag_length');
  return {
    alg,
    enc,
    header,
    iv,
    tag,
    additionalData: Buffer.from(segments.header, 'latin1'),
    encryptedKey: segments.encryptedKey === '' ? NO_KEY : decodeAsciiBase64url(segments.encryptedKey),
    ciphertext: ciphertexts.decode(segments.ciphertext),
  };
}

const NO_KEY = Buffer.alloc(0);

/** Maximum lengths in bytes of an IV, a tag, and the ciphertext of a token of 8192 characters. */
const [IV_BYTES, TAG_BYTES, CIPHERTEXT_BYTES] = [16, 32, 6144];

/** Reused decoders. Reuse is safe, because `decryptWithCandidates` decrypts each result before it returns. */
const ivs = new SegmentDecoder(IV_BYTES);
const tags = new SegmentDecoder(TAG_BYTES);
const ciphertexts = new SegmentDecoder(CIPHERTEXT_BYTES);

/** Decrypt with one key. If it is the only key, a header that does not fit it has a separate reason. */
function decrypt(token: DecodedToken, candidate: KeyCandidate, isOnly: boolean): readonly Decrypted[] {
  try {
    const { alg, enc, header, encryptedKey, additionalData } = token;
    const contentKey = unwrapKey({ alg, enc, header, encryptedKey, key: candidate.key });
    return [{ plaintext: openContent(enc, token, additionalData, contentKey), candidate }];
  } catch (error) {
    if (isOnly && error instanceof InvalidTokenError) throw error;
    return [];
  }
}
