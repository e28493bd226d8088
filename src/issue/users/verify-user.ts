import { InvalidRequestError } from '../../base/errors.js';
import type { GrantContext } from '../grants/grant.js';
import type { VerifiedUser } from './verified-user.js';
import type { VerifiedUsers } from './verified-users.js';

/** Syntax of a user whom a directory verifies: a name of any language, which no store, log or token contains. */
const DIRECTORY_USER = /^\P{Cc}{1,256}$/u;

/**
 * Verify the user of a request whose API key names a directory.
 *
 * @returns `undefined` if the request has no user, or the API key names no directory
 * @throws InvalidRequestError (as rejection) if the user is malformed
 * @throws InvalidGrantError, InvalidScopeError, TemporarilyUnavailableError (as rejection) as `users.identify()`
 */
export async function verifyUser(
  context: GrantContext,
  users: Pick<VerifiedUsers, 'identify'>,
): Promise<VerifiedUser | undefined> {
  const user = context.parameters.get('user');
  if (user === undefined || typeof context.apiKey.users === 'boolean') return undefined;
  if (!DIRECTORY_USER.test(user) || !user.isWellFormed()) {
    throw new InvalidRequestError('user must be 1 to 256 characters without control characters');
  }
  return users.identify(user, context.apiKey.users, context);
}
