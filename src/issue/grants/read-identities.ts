import type { ApiKey } from '../../api-keys/api-key.js';
import { InvalidRequestError } from '../../base/errors.js';
import { InvalidScopeError } from '../../base/token-endpoint-errors.js';
import type { VerifiedUser } from '../users/verified-user.js';
import type { VerifiedUsers } from '../users/verified-users.js';
import type { GrantParameters } from './grant.js';
import type { AccessTokenRequest } from './issue-access-token.js';

/**
 * Syntax of `user`, `session_id` and `device_id`. These identities are stored, logged and sent in tokens. URL parsers
 * remove `.` and `..` from a path: a request to end one session would then end all sessions.
 */
const IDENTITY = /^(?!\.{1,2}$)[\x21-\x7e]{1,128}$/;

/** Assert that a request for a service token has no user and no session. Services request new tokens instead. */
export function assertServiceRequest(parameters: GrantParameters, isOffline: boolean): void {
  if (isOffline) throw new InvalidScopeError('Refresh tokens are not issued for service tokens');
  if (['user', 'session_id', 'device_id'].some((name) => parameters.has(name))) {
    throw new InvalidRequestError('user, session_id and device_id are not allowed for service tokens');
  }
}

/** Dependencies of `readIdentities()`. */
export interface IdentityTerms {
  readonly users: Pick<VerifiedUsers, 'isVerifiedSubject'>;
  /** Verified user. `undefined` if the client asserts the user, or the request has none. */
  readonly identity: VerifiedUser | undefined;
}

/**
 * Read the user, session and device that a client asserts. A verified user takes precedence over the parameter.
 *
 * @throws InvalidRequestError if an identity is malformed, or the API key may not assert the user
 */
export function readIdentities(
  apiKey: ApiKey,
  parameters: GrantParameters,
  { users, identity }: IdentityTerms,
): Pick<AccessTokenRequest, 'user' | 'userClaims' | 'sessionId' | 'deviceId'> {
  const user = identity?.subject ?? parameters.get('user');
  const sessionId = parameters.get('session_id');
  const deviceId = parameters.get('device_id');
  for (const identity of [user, sessionId, deviceId]) {
    if (identity !== undefined && !IDENTITY.test(identity)) {
      throw new InvalidRequestError(
        'user, session_id and device_id must be 1 to 128 printable ASCII characters',
      );
    }
  }
  if (identity === undefined && user !== undefined && !apiKey.users)
    throw new InvalidRequestError('This API key may not assert a user');
  if (user === apiKey.keyId)
    throw new InvalidRequestError('user must not be the key_id of the API key itself');
  if (identity === undefined && user !== undefined && users.isVerifiedSubject(user))
    throw new InvalidRequestError(
      'This API key may not assert a user of a directory or an identity provider',
    );
  return {
    ...(identity === undefined ? {} : { userClaims: identity.claims }),
    ...(user === undefined ? {} : { user }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(deviceId === undefined ? {} : { deviceId }),
  };
}
