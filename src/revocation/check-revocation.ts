import type { VerifiedToken } from '../claims/verified-token.js';
import { InvalidTokenError, JweError, TemporarilyUnavailableError } from '../errors.js';

/** Knows what is revoked. One that cannot answer throws or rejects; it never answers `false` for want of knowledge. */
export interface RevocationCheck {
  isRevoked(token: VerifiedToken): boolean | Promise<boolean>;
}

/**
 * @throws InvalidTokenError for a token that is revoked.
 * @throws TemporarilyUnavailableError where the check cannot answer: an outage is no verdict on the token.
 */
export async function assertNotRevoked(token: VerifiedToken, check: RevocationCheck): Promise<void> {
  if (await askCheck(token, check)) throw new InvalidTokenError('revoked');
}

async function askCheck(token: VerifiedToken, check: RevocationCheck): Promise<boolean> {
  try {
    const answer: unknown = await check.isRevoked(token);
    if (typeof answer !== 'boolean') throw new TypeError('isRevoked must answer true or false');
    return answer;
  } catch (cause) {
    throw cause instanceof JweError ? cause : new TemporarilyUnavailableError({ cause });
  }
}
