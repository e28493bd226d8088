/** Length of a root secret in bytes: the length of the hash of HKDF-SHA-256 (RFC 5869 §3.3). */
export const ROOT_SECRET_BYTES = 32;

/**
 * Asserts the length of a key, and that its bytes are not all equal, as placeholders are.
 *
 * @param name how error messages refer to the key, which never show its value.
 * @throws TypeError if the length is wrong or all bytes are equal.
 */
export function assertKeyBytes(bytes: Uint8Array, length: number, name: string): void {
  if (bytes.length !== length) {
    throw new TypeError(`${name} must be ${length} bytes (${length * 8} bits), not ${bytes.length}`);
  }
  if (bytes.every((byte) => byte === bytes[0])) {
    throw new TypeError(
      `${name} has all bytes equal; generate a random one, for example with: openssl rand -hex 32`,
    );
  }
}
