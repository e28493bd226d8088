/** Maximum length of an issued token in characters. Longer tokens would exceed the header limits of common proxies. */
export const MAX_ISSUED_TOKEN_LENGTH = 4096;

/** Length of the protected header, IV, tag and dots of a token of this package, rounded up. */
const ENVELOPE_LENGTH = 256;

/** Estimates the length of the token for a claims set, rounded up. Base64url takes four characters for three bytes. */
export function estimateTokenLength(claims: object): number {
  return ENVELOPE_LENGTH + Math.ceil((Buffer.byteLength(JSON.stringify(claims)) * 4) / 3);
}
