/**
 * Decode a base64url member of a JWK or protected header. Only the canonical form is accepted: URL-safe alphabet, no
 * padding, and zero in unused trailing bits (RFC 7515 §2, RFC 4648 §3.5).
 *
 * @returns the bytes, or `undefined` if the value is not a canonical base64url string.
 */
export function decodeMember(value: unknown): Buffer | undefined {
  if (typeof value !== 'string') return undefined;
  const bytes = Buffer.from(value, 'base64url');
  return bytes.toString('base64url') === value ? bytes : undefined;
}
