import { InvalidTokenError } from '../../base/errors.js';
import { isJsonObject } from '../../base/json.js';

/** Keys to which a token is bound, in the format of the claim `cnf` (RFC 7800 §3.1). */
export type Confirmation = {
  /** SHA-256 thumbprint of the key for DPoP proofs (RFC 9449 §6.1). */
  readonly jkt?: string;
  /** SHA-256 thumbprint of the client certificate (RFC 8705 §3.1). */
  readonly 'x5t#S256'?: string;
};

/** Keys that a request claims to possess. */
export interface SenderEvidence {
  /** Thumbprint of the key of the DPoP proof. Absent under the scheme `Bearer`. */
  readonly jkt?: string;
  /** Reads the SHA-256 thumbprint of the client certificate. Absent if mutual TLS is not configured. */
  readonly certificate?: () => string | undefined;
}

/**
 * Sender of a token. `'any'`: a caller that may read tokens of others, for example by introspection. `undefined`: the token
 * came without a request, so possession of a key cannot be shown.
 */
export type Sender = SenderEvidence | 'any' | undefined;

/**
 * Assert that the sender possesses every key in `cnf` (RFC 7800 §3.1). Unknown members are not ignored: the issuer demands a
 * proof that this package cannot check.
 *
 * @throws InvalidTokenError if a member of `cnf` is unknown, malformed or not confirmed, or if a token without `cnf.jkt` came
 *   under the scheme `DPoP` (RFC 9449 §7.1).
 */
export function assertConfirmed({ cnf }: { readonly cnf?: unknown }, sender: Sender): void {
  if (sender === 'any') return;
  if (cnf !== undefined) assertMembers(cnf, sender ?? {});
  else if (sender?.jkt !== undefined) throw new InvalidTokenError('not_key_bound');
}

function assertMembers(cnf: unknown, { jkt, certificate }: SenderEvidence): void {
  if (!isJsonObject(cnf)) throw new InvalidTokenError('claim_malformed', undefined, { claim: 'cnf' });
  const members = Object.keys(cnf);
  if (members.length === 0 || !members.every(isKnown)) throw new InvalidTokenError('key_bound');
  if (cnf['jkt'] === undefined && jkt !== undefined) throw new InvalidTokenError('not_key_bound');
  for (const member of members) {
    const isCertificate = member !== 'jkt';
    const shown = isCertificate ? certificate : jkt;
    if (shown === undefined) throw new InvalidTokenError('key_bound');
    const found = typeof shown === 'function' ? shown() : shown;
    if (found === undefined || found !== cnf[member]) {
      throw new InvalidTokenError(isCertificate ? 'wrong_certificate' : 'wrong_key');
    }
  }
}

function isKnown(member: string): boolean {
  return member === 'jkt' || member === 'x5t#S256';
}
