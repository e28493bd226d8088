/** Longest token that is issued, in characters: more would not fit the header limits of common proxies. */
export const MAX_ISSUED_TOKEN_LENGTH = 4096;

/** Protected header, IV, tag and dots of a token by this package, rounded up. */
const ENVELOPE_LENGTH = 256;

/** Length of the token that will carry a claims set, rounded up: base64url takes four characters for three bytes. */
export function estimateTokenLength(claims: object): number {
  return ENVELOPE_LENGTH + Math.ceil((Buffer.byteLength(JSON.stringify(claims)) * 4) / 3);
}
