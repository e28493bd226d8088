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
export function concatKdf(secret: Uint8Array, derivation: KeyDerivation): Buffer {
  const { bytes } = derivation;
  const input = assembleInput(secret, derivation);
  const first = digestRound(input, 1);
  if (bytes <= DIGEST_BYTES) return first.subarray(0, bytes);
  const rounds = [first];
  while (rounds.length * DIGEST_BYTES < bytes) rounds.push(digestRound(input, rounds.length + 1));
  return Buffer.concat(rounds, bytes);
}

/** Concatenate the secret and `OtherInfo`, after room for the round counter. */
function assembleInput(secret: Uint8Array, { algorithm, bytes, partyU, partyV }: KeyDerivation): Buffer {
  const name = Buffer.from(algorithm, 'latin1');
  const fields = [name, partyU, partyV];
  const input = Buffer.allocUnsafe(20 + secret.length + name.length + partyU.length + partyV.length);
  input.set(secret, 4);
  let offset = 4 + secret.length;
  for (const field of fields) {
    input.set(field, input.writeUInt32BE(field.length, offset));
    offset += 4 + field.length;
  }
  input.writeUInt32BE(bytes * 8, offset);
  return input;
}

function digestRound(input: Buffer, round: number): Buffer {
  input.writeUInt32BE(round);
  return createHash('sha256').update(input).digest();
}
