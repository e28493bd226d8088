/** Bytes in a root secret: what HKDF-SHA-256 can make full use of (RFC 5869 section 3.3). */
export const ROOT_SECRET_BYTES = 32;

/**
 * @param name how messages call the key; never its value.
 * @throws TypeError for a wrong length, or bytes that are all equal, which no random source yields.
 */
export function assertKeyBytes(bytes: Uint8Array, length: number, name: string): void {
  if (bytes.length !== length) {
    throw new TypeError(`${name} must be ${length} bytes (${length * 8} bits), not ${bytes.length}`);
  }
  if (bytes.every((byte) => byte === bytes[0])) {
    throw new TypeError(`${name} has all bytes equal; generate it, for example by: openssl rand -hex 32`);
  }
}
