/** Length of a root secret in bytes: the output length of SHA-256, as used by HKDF (RFC 5869 §3.3). */
export const ROOT_SECRET_BYTES = 32;

/**
 * Assert that a key has the expected length and is not a placeholder of equal bytes.
 *
 * @param length expected length in bytes.
 * @param name subject of the error messages, for example `the root secret`. Messages never contain the key.
 * @throws TypeError if the length is wrong or all bytes are equal.
 */
export function assertKeyBytes(bytes: Uint8Array, length: number, name: string): void {
  if (bytes.length !== length) {
    throw new TypeError(
      `${name} must be ${length} bytes (${length * 8} bits), not ${bytes.length}: generate one, for example with openssl rand -hex ${length}`,
    );
  }
  if (bytes.every((byte) => byte === bytes[0])) {
    throw new TypeError(
      `${name} must be random, but all bytes are equal: generate one, for example with openssl rand -hex ${length}`,
    );
  }
}
