import { InvalidTokenError, PassportJweError, TemporarilyUnavailableError } from '../base/errors.js';
import { identifyToken } from '../token/claims/identify-token.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';

/** Knows what is revoked. One that cannot answer throws or rejects; it never answers `false` for want of knowledge. */
export interface RevocationCheck {
  isRevoked(token: VerifiedToken): boolean | Promise<boolean>;
  /** How long revocations are remembered, in seconds. Default: for as long as any token lives. */
  readonly maxTokenLifetimeSeconds?: number;
  /** Called by every verifier with the longest lifetime of the access tokens that it accepts. */
  coverAccessTokens?(lifetimeSeconds: number): void;
}

/**
 * Returns no promise where the check answers at once.
 * @throws InvalidTokenError (or as rejection) for a token that is revoked.
 * @throws TemporarilyUnavailableError (or as rejection) where the check cannot answer: an outage is no verdict on the
 *   token.
 */
export function assertNotRevoked(token: VerifiedToken, check: RevocationCheck): Promise<void> | undefined {
  const answer = ask(token, check);
  if (answer === false) return undefined;
  if (answer === true) throw refusalOf(token);
  return assertAnswer(token, answer);
}

function ask(token: VerifiedToken, check: RevocationCheck): unknown {
  try {
    return check.isRevoked(token);
  } catch (cause) {
    throw asOutage(cause);
  }
}

async function assertAnswer(token: VerifiedToken, pending: unknown): Promise<void> {
  let answer: unknown;
  try {
    answer = await pending;
    if (typeof answer !== 'boolean') throw new TypeError('isRevoked must answer true or false');
  } catch (cause) {
    throw asOutage(cause);
  }
  if (answer) throw refusalOf(token);
}

function refusalOf(token: VerifiedToken): InvalidTokenError {
  return new InvalidTokenError('revoked', undefined, identifyToken(token));
}

function asOutage(cause: unknown): PassportJweError {
  return cause instanceof PassportJweError ? cause : new TemporarilyUnavailableError({ cause });
}
