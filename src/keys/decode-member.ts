/**
 * Decodes a binary member of a JWK or of a protected header.
 *
 * @returns the bytes, or `undefined` unless `value` is their canonical base64url: a string of the URL-safe alphabet
 *   without padding whose unused trailing bits are zero (RFC 7515 §2, RFC 4648 §3.5).
 */
export function decodeMember(value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  const bytes = Buffer.from(value, 'base64url');
  return bytes.toString('base64url') === value ? bytes : undefined;
}
