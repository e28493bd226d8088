import type { KeyObject } from 'node:crypto';
import { createFifoCache } from '../../base/fifo-cache.js';
import { isJsonObject, type JsonObject } from '../../base/json.js';
import type { DpopRejection } from '../../base/rejections.js';
import { importKeyPair } from '../../keys/import-key-pair.js';
import type { Jwk } from '../../keys/jwk.js';
import { jwkThumbprint } from '../../keys/jwk-thumbprint.js';
import { VERIFICATION_SHAPES } from '../../keys/signature-key.js';
import type { DpopAlgorithm } from './dpop-options.js';

/** Key in the header of a proof. */
export interface ProofKey {
  readonly alg: DpopAlgorithm;
  /** Thumbprint of the key (RFC 7638). */
  readonly jkt: string;
  /** Imports the key, once. `undefined` if the key is not valid for `alg`. */
  readonly importKey: () => KeyObject | undefined;
}

/** Reads the headers of proofs. */
export interface ProofKeyReader {
  /** Return the key of an encoded header, or the reason for rejecting the header. */
  read(encoded: string, decode: () => JsonObject | undefined): ProofKey | DpopRejection;
  /** Cache the key of a header. Call it only after a valid signature, so that attackers cannot fill the cache. */
  keep(encoded: string, key: ProofKey): void;
}

/** Maximum number of cached headers. All proofs of a client have the same header. */
const MAX_CACHED = 1000;

/** Members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * Maximum length of an RSA modulus in base64url: 4096 bits. The check for weak moduli takes 30 ms of CPU time for 4096 bits,
 * and 170 ms for 8192 bits. A client can send a new key with each token request, so a longer modulus could stall the server.
 */
const MAX_MODULUS_LENGTH = Math.ceil(4096 / 6);

/** Create a reader of the headers of proofs (RFC 9449 §4.2). */
export function createProofKeyReader(algorithms: readonly DpopAlgorithm[]): ProofKeyReader {
  const cached = createFifoCache<string, ProofKey>(MAX_CACHED);
  /** A client can vary its header without end. It has one key all the same, whose import takes up to 4 ms. */
  const imported = createFifoCache<string, ProofKey>(MAX_CACHED);
  const findAlgorithm = (alg: unknown) => algorithms.find((accepted) => accepted === alg);

  return {
    read(encoded, decode) {
      const known = cached.get(encoded);
      if (known !== undefined) return known;
      const header = decode();
      if (header === undefined) return 'proof_malformed';
      const key = readKey(header, findAlgorithm(header['alg']));
      return typeof key === 'string' ? key : (imported.get(nameOf(key)) ?? key);
    },
    keep(encoded, key) {
      // Copies the string, because in V8 a slice of a proof keeps the whole proof in memory.
      if (!cached.has(encoded)) cached.set(Buffer.from(encoded, 'latin1').toString('latin1'), key);
      if (!imported.has(nameOf(key))) imported.set(nameOf(key), key);
    },
  };
}

/** Name a key: its thumbprint covers all members of a public key (RFC 7638 §3.2). */
function nameOf({ alg, jkt }: ProofKey): string {
  return `${alg} ${jkt}`;
}

/** Check a header in the order of RFC 9449 §4.3, steps 4 to 7. The import of the key is slow, so it follows later. */
function readKey(header: JsonObject, alg: DpopAlgorithm | undefined): ProofKey | DpopRejection {
  const { typ, jwk } = header;
  if (typ !== 'dpop+jwt') return 'proof_typ';
  if (alg === undefined) return 'proof_algorithm';
  // No extension is understood (RFC 7515 §4.1.11).
  if (header['crit'] !== undefined) return 'proof_malformed';
  if (!isJsonObject(jwk)) return 'proof_key';
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return 'proof_private_key';
  if (isTooLong(jwk)) return 'proof_key';
  const jkt = thumbprintOf(jwk);
  return jkt === undefined ? 'proof_key' : { alg, jkt, importKey: importOnce(jwk, alg) };
}

function isTooLong({ n }: Jwk): boolean {
  return typeof n === 'string' && n.length > MAX_MODULUS_LENGTH;
}

/** Return the thumbprint of a JWK whose required members are strings. */
function thumbprintOf(jwk: Jwk): string | undefined {
  const required = ['crv', 'x', 'y', 'n', 'e'].filter((member) => Object.hasOwn(jwk, member));
  if (jwk['kty'] === 'oct' || !required.every((member) => typeof jwk[member] === 'string')) return undefined;
  try {
    return jwkThumbprint(jwk);
  } catch {
    return undefined;
  }
}

function importOnce(jwk: Jwk, alg: DpopAlgorithm): () => KeyObject | undefined {
  let imported: KeyObject | undefined;
  return () => {
    imported ??= importPublicKey(jwk, alg);
    return imported;
  };
}

/** Import a public key. The strict import rejects weak keys, and members that are not canonical. */
function importPublicKey(jwk: Jwk, alg: DpopAlgorithm): KeyObject | undefined {
  try {
    return importKeyPair(jwk, [VERIFICATION_SHAPES[alg]]).publicKey;
  } catch {
    return undefined;
  }
}
