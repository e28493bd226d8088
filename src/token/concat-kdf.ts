import { createHash } from 'node:crypto';

/** Inputs of the key derivation, in addition to the shared secret. */
export interface KeyDerivation {
  /** `enc` for `ECDH-ES`, otherwise `alg`. */
  readonly algorithm: string;
  /** Length of the derived key in bytes. */
  readonly bytes: number;
  /** Decoded `apu`. Empty if the header has none. */
  readonly partyU: Uint8Array;
  /** Decoded `apv`. Empty if the header has none. */
  readonly partyV: Uint8Array;
}

/** Length of a SHA-256 in bytes. */
const DIGEST_BYTES = 32;

/**
 * Derive a key from a shared secret with the Concat KDF and SHA-256 (NIST SP 800-56A §5.8.1).
 *
 * @see RFC 7518 §4.6.2
 */
export function concatKdf(secret: Uint8Array, { algorithm, bytes, partyU, partyV }: KeyDerivation): Buffer {
  const otherInfo = [...withLength(Buffer.from(algorithm)), ...withLength(partyU), ...withLength(partyV)];
  const rounds: Buffer[] = [];
  for (let round = 1; (round - 1) * DIGEST_BYTES < bytes; round += 1) {
    const input = Buffer.concat([toUint32(round), secret, ...otherInfo, toUint32(bytes * 8)]);
    rounds.push(createHash('sha256').update(input).digest());
  }
  return Buffer.concat(rounds, bytes);
}

function withLength(data: Uint8Array): readonly [Buffer, Uint8Array] {
  return [toUint32(data.length), data];
}

function toUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
