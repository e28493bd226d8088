import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import type { DecryptionKey } from '../keys/decryption-key.js';
import {
  CONTENT_KEY_BYTES,
  isContentEncryptionAlgorithm,
  isKeyManagementAlgorithm,
  KEY_MANAGEMENT,
} from '../keys/jwe-algorithms.js';
import type { ExternalHeader } from '../token/read-external-header.js';
import type { IssuerTerms } from './issuer-terms.js';
import { fingerprintOf } from './key-fingerprint.js';

/** A decryption key, and the issuers that may encrypt to it with the algorithms of a token. */
export interface KeyCandidate {
  readonly key: DecryptionKey;
  readonly owners: readonly IssuerTerms[];
  /** The same key as each owner configured it, in the order of the owners. */
  readonly keys: readonly DecryptionKey[];
}

/** A decryption key as one issuer configured it. Another issuer can limit the same key differently. */
interface OwnedKey {
  readonly key: DecryptionKey;
  readonly owner: IssuerTerms;
}

/** Maximum number of keys that are tried for a token without `kid`: the current and the previous one. */
const MAX_KIDLESS_KEYS = 2;

/**
 * Select the keys for a token by `kid`, or without `kid` by `alg`, `enc` and curve. One key must remain. With
 * `kidlessRotation`, a token without `kid` may match two private keys of the same issuers.
 *
 * @throws InvalidTokenError if no key matches, several match, or the key has expired
 */
export function selectDecryptionKeys(
  header: ExternalHeader,
  terms: readonly IssuerTerms[],
  now: NumericDate,
): readonly [KeyCandidate, ...KeyCandidate[]] {
  const named = listKeys(header, terms);
  const [known] = named;
  if (known === undefined) throw new InvalidTokenError('unknown_key', undefined, kidOf(header));
  const live = named.filter(({ key }) => key.notAfter === undefined || key.notAfter > now);
  if (live.length === 0) throw new InvalidTokenError('expired_key', undefined, { kid: known.key.kid });
  const [first, ...others] = joinOwners(
    live.filter(({ key, owner }) => fitsKey(key, header) && acceptsAlgorithms(owner, header)),
  );
  if (first === undefined) {
    throw new InvalidTokenError('algorithm', undefined, {
      kid: known.key.kid,
      expected: listAlgorithms(live),
      found: [header.alg, header.enc],
    });
  }
  const candidates = [first, ...others] as const;
  const isClear =
    isUnambiguous(candidates, header) && !candidates.some(({ key }) => isSharedSecret(key, terms));
  if (!isClear) throw new InvalidTokenError('ambiguous_key', undefined, kidOf(header));
  return candidates;
}

/** List the keys with the `kid` of a token, or all keys if it has none, of the issuers that it may name. */
function listKeys({ kid, iss }: ExternalHeader, terms: readonly IssuerTerms[]): readonly OwnedKey[] {
  return terms.flatMap((owner) => {
    // A replicated `iss` names the issuer (RFC 7519 §5.3). The claims must repeat it.
    if (iss !== undefined && typeof owner.issuer === 'string' && owner.issuer !== iss) return [];
    const { keys } = owner.decryption;
    return keys.flatMap((key) => (kid === undefined || key.kid === kid ? [{ key, owner }] : []));
  });
}

/** Join issuers that have the same key. */
function joinOwners(owned: readonly OwnedKey[]): readonly KeyCandidate[] {
  const joined = new Map<string, { key: DecryptionKey; owners: IssuerTerms[]; keys: DecryptionKey[] }>();
  for (const { key, owner } of owned) {
    const fingerprint = fingerprintOf(key);
    const same = joined.get(fingerprint);
    if (same === undefined) joined.set(fingerprint, { key, owners: [owner], keys: [key] });
    else if (!same.owners.includes(owner)) {
      same.owners.push(owner);
      same.keys.push(key);
    }
  }
  return [...joined.values()];
}

/** Whether an issuer may use the algorithms of a token. */
export function acceptsAlgorithms(
  { keyManagement, contentEncryption }: IssuerTerms,
  { alg, enc }: ExternalHeader,
): boolean {
  return keyManagement.has(alg) && contentEncryption.has(enc);
}

/** Whether a key can be used with `alg`, `enc` and the curve of `epk`. */
function fitsKey(key: DecryptionKey, { alg, enc, epk }: ExternalHeader): boolean {
  if (!isKeyManagementAlgorithm(alg) || KEY_MANAGEMENT[alg] !== key.type) return false;
  if ((key.alg !== undefined && key.alg !== alg) || (key.enc !== undefined && key.enc !== enc)) return false;
  if (key.type === 'secret') return fitsLength(key.secret.symmetricKeySize ?? 0, alg, enc);
  if (key.type === 'RSA') return true;
  return (
    typeof epk === 'object' && epk !== null && !Array.isArray(epk) && Reflect.get(epk, 'crv') === key.curve
  );
}

/** Key lengths of AES key wrap in bytes. @see RFC 7518 §4.4 */
const WRAPPING_KEY_BYTES: Readonly<Record<string, number>> = { A128KW: 16, A192KW: 24, A256KW: 32 };

function fitsLength(bytes: number, alg: string, enc: string): boolean {
  if (alg !== 'dir') return WRAPPING_KEY_BYTES[alg] === bytes;
  return isContentEncryptionAlgorithm(enc) && CONTENT_KEY_BYTES[enc] === bytes;
}

/** Whether several issuers have a symmetric key, for example after a reload. It would not identify the issuer. */
function isSharedSecret(key: DecryptionKey, terms: readonly IssuerTerms[]): boolean {
  if (key.type !== 'secret') return false;
  const fingerprint = fingerprintOf(key);
  const owners = terms.filter(({ decryption }) =>
    decryption.keys.some((other) => fingerprintOf(other) === fingerprint),
  );
  return owners.length > 1;
}

/** Whether one key remains, or two private keys that may both be tried. */
function isUnambiguous(candidates: readonly KeyCandidate[], { kid }: ExternalHeader): boolean {
  if (candidates.length === 1) return true;
  return (
    kid === undefined &&
    candidates.length <= MAX_KIDLESS_KEYS &&
    candidates.every(
      ({ key, owners }) => key.type !== 'secret' && owners.every((owner) => owner.kidlessRotation),
    )
  );
}

function listAlgorithms(owned: readonly OwnedKey[]): readonly string[] {
  const names = owned.flatMap(({ key, owner }) => [
    ...(key.alg === undefined ? owner.keyManagement : [key.alg]),
    ...(key.enc === undefined ? owner.contentEncryption : [key.enc]),
  ]);
  return [...new Set(names)];
}

function kidOf({ kid }: ExternalHeader): { readonly kid?: string } {
  return typeof kid === 'string' ? { kid } : {};
}
