import { InvalidTokenError, PassportJweError, TemporarilyUnavailableError } from '../base/errors.js';
import { identifyToken } from '../token/claims/identify-token.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';

/** Determines whether tokens are revoked. */
export interface RevocationCheck {
  /**
   * Whether a token is revoked. The method must throw or reject if it cannot determine the answer, for example during
   * an outage. In that case, it must not return `false`.
   */
  isRevoked(token: VerifiedToken): boolean | Promise<boolean>;
  /**
   * Retention period of revocations, in seconds.
   *
   * @default undefined (as long as the tokens are valid)
   */
  readonly maxTokenLifetimeSeconds?: number;
  /** Extend the retention period to a maximum access-token lifetime, in seconds. Every verifier calls it once. */
  coverAccessTokens?(lifetimeSeconds: number): void;
}

/**
 * Assert that a token is not revoked. Return a promise only if `isRevoked` returns one.
 *
 * @throws InvalidTokenError (or as rejection) if the token is revoked
 * @throws TemporarilyUnavailableError (or as rejection) if the check fails, for example during an outage
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
    if (typeof answer !== 'boolean')
      throw new TypeError(
        'revocations.isRevoked() must return a boolean or a promise of one: return true to reject the token',
      );
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
