/** Maximum length of an issued token in characters. Longer tokens would exceed the header limits of common proxies. */
export const MAX_ISSUED_TOKEN_LENGTH = 4096;

/** Length of a token without its ciphertext (protected header, IV, tag and dots) in characters, rounded up. */
const ENVELOPE_LENGTH = 256;

/** Estimate the length of a token in characters, rounded up. Base64url encodes three bytes in four characters. */
export function estimateTokenLength(claims: object): number {
  return ENVELOPE_LENGTH + Math.ceil((Buffer.byteLength(JSON.stringify(claims)) * 4) / 3);
}
