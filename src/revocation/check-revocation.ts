import { InvalidTokenError, PassportJweError, TemporarilyUnavailableError } from '../base/errors.js';
import { identifyToken } from '../token/claims/identify-token.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';

/** Check of revocations. If it cannot determine the answer, it must throw or reject instead of returning `false`. */
export interface RevocationCheck {
  isRevoked(token: VerifiedToken): boolean | Promise<boolean>;
  /**
   * How long revocations are kept, in seconds.
   *
   * @default undefined (as long as the tokens are valid)
   */
  readonly maxTokenLifetimeSeconds?: number;
  /** Called by every verifier with the maximum lifetime of the access tokens that it accepts. */
  coverAccessTokens?(lifetimeSeconds: number): void;
}

/**
 * Asserts that a token is not revoked. Returns a promise only if the check does.
 *
 * @throws InvalidTokenError (or as rejection) if the token is revoked
 * @throws TemporarilyUnavailableError (or as rejection) if the check fails: an outage says nothing about the token
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
    if (typeof answer !== 'boolean') throw new TypeError('isRevoked() must return true or false');
  } catch (cause) {
    throw asOutage(cause);
  }
  if (answer) throw refusalOf(token);
}

function refusalOf(token: VerifiedToken): InvalidTokenError {
  return new InvalidTokenError('revoked', undefined, { token: identifyToken(token) });
}

function asOutage(cause: unknown): PassportJweError {
  return cause instanceof PassportJweError ? cause : new TemporarilyUnavailableError({ cause });
}
