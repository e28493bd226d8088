import { setImmediate } from 'node:timers/promises';
import type { Jwk } from './jwk.js';
import { parseVerificationKey, type VerificationKey } from './signature-key.js';

/** Names of the RSA signature algorithms (RFC 7518 §3.3, §3.5). */
export const RSA_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;

/** Algorithm of RSA keys whose JWK has no `alg`. */
export type RsaSignatureAlgorithm = (typeof RSA_ALGORITHMS)[number];

/** Usable keys of a JWK Set. */
export interface SelectedJwks {
  readonly byKid: ReadonlyMap<string, VerificationKey>;
  /** The same keys by the text of their JWK, to recognise unchanged keys in the next set. */
  readonly byText: ReadonlyMap<string, VerificationKey>;
}

/**
 * Parse the usable keys of a JWK Set. Ignore keys that share a `kid`. Yield between keys, because an RSA key takes
 * milliseconds. An unchanged JWK keeps its key object, because caches compare keys by identity.
 *
 * @param previous keys of the previous set.
 */
export async function selectJwks(
  jwks: readonly unknown[],
  rsaAlgorithm: RsaSignatureAlgorithm | undefined,
  previous?: SelectedJwks,
): Promise<SelectedJwks> {
  const byText = new Map<string, VerificationKey>();
  const keys: VerificationKey[] = [];
  for (const jwk of jwks) {
    const text = textOf(jwk);
    const key = previous?.byText.get(text) ?? parseIfUsable(jwk, rsaAlgorithm);
    if (key !== undefined) {
      keys.push(key);
      byText.set(text, key);
    }
    await setImmediate();
  }
  const isUnique = ({ kid }: VerificationKey) => keys.filter((other) => other.kid === kid).length === 1;
  return { byKid: new Map(keys.filter(isUnique).map((key) => [key.kid, key])), byText };
}

/** Format a JWK with sorted members, because their order has no meaning. */
function textOf(jwk: unknown): string {
  if (typeof jwk !== 'object' || jwk === null) return '';
  return JSON.stringify(Object.entries(jwk).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Parse one key. Return `undefined` for unsupported keys, which are ignored (RFC 7517 §5). */
function parseIfUsable(
  jwk: unknown,
  rsaAlgorithm: RsaSignatureAlgorithm | undefined,
): VerificationKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const members: Jwk = { ...jwk };
  const { kty, alg } = members;
  try {
    return parseVerificationKey(
      kty === 'RSA' && alg === undefined ? { ...members, alg: rsaAlgorithm } : members,
    );
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
