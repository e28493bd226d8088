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
import { isSameKey } from './assert-issuer-keys.js';
import type { IssuerTerms } from './issuer-terms.js';

/** A decryption key, and the issuers that may encrypt to it with the algorithms of a token. */
export interface KeyCandidate {
  readonly key: DecryptionKey;
  readonly owners: readonly IssuerTerms[];
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
  const named = listCandidates(header, terms);
  const [known] = named;
  if (known === undefined) throw new InvalidTokenError('unknown_key', undefined, kidOf(header));
  const live = named.filter(({ key }) => key.notAfter === undefined || key.notAfter > now);
  if (live.length === 0) throw new InvalidTokenError('expired_key', undefined, { kid: known.key.kid });
  const [first, ...others] = live.flatMap((candidate) => acceptAlgorithms(candidate, header));
  if (first === undefined) {
    throw new InvalidTokenError('algorithm', undefined, {
      kid: known.key.kid,
      expected: listAlgorithms(known),
      found: [header.alg, header.enc],
    });
  }
  const candidates = [first, ...others] as const;
  if (!isUnambiguous(candidates, header))
    throw new InvalidTokenError('ambiguous_key', undefined, kidOf(header));
  return candidates;
}

/** List the distinct keys with the `kid` of a token, or all keys if it has none, of the issuers that it may name. */
function listCandidates(header: ExternalHeader, terms: readonly IssuerTerms[]): readonly KeyCandidate[] {
  const { kid, iss } = header;
  const candidates: { key: DecryptionKey; owners: IssuerTerms[] }[] = [];
  for (const owner of terms) {
    // A replicated `iss` names the issuer (RFC 7519 §5.3). The claims must repeat it.
    if (iss !== undefined && typeof owner.issuer === 'string' && owner.issuer !== iss) continue;
    for (const key of owner.decryption.keys) {
      if (kid !== undefined && key.kid !== kid) continue;
      const same = candidates.find((candidate) => isSameKey(candidate.key, key));
      if (same === undefined) candidates.push({ key, owners: [owner] });
      else if (!same.owners.includes(owner)) same.owners.push(owner);
    }
  }
  return candidates;
}

/** Keep the owners that accept the algorithms of a token under a key. */
function acceptAlgorithms({ key, owners }: KeyCandidate, header: ExternalHeader): readonly KeyCandidate[] {
  if (!fitsKey(key, header)) return [];
  const accepting = owners.filter((owner) => acceptsAlgorithms(owner, header));
  return accepting.length === 0 ? [] : [{ key, owners: accepting }];
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

/** A symmetric key of several issuers would not identify the issuer. */
function isUnambiguous(candidates: readonly KeyCandidate[], { kid }: ExternalHeader): boolean {
  if (candidates.some(({ key, owners }) => key.type === 'secret' && owners.length > 1)) return false;
  if (candidates.length === 1) return true;
  return (
    kid === undefined &&
    candidates.length <= MAX_KIDLESS_KEYS &&
    candidates.every(
      ({ key, owners }) => key.type !== 'secret' && owners.every((owner) => owner.kidlessRotation),
    )
  );
}

function listAlgorithms({ key, owners }: KeyCandidate): readonly string[] {
  const lists = owners.flatMap(({ keyManagement, contentEncryption }) => [
    ...keyManagement,
    ...contentEncryption,
  ]);
  const pinned = [key.alg, key.enc].filter((name) => name !== undefined);
  return [...new Set([...pinned, ...lists])];
}

function kidOf({ kid }: ExternalHeader): { readonly kid?: string } {
  return typeof kid === 'string' ? { kid } : {};
}
