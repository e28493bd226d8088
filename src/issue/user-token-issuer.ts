import type { AuditOrigin } from '../audit/audit-origin.js';
import type { NumericDate } from '../base/clock.js';
import { isJsonObject } from '../base/json.js';
import { InvalidGrantError } from '../base/token-endpoint-errors.js';
import type { Confirmation } from '../token/claims/confirmation.js';
import { formatScope } from '../token/claims/scope.js';
import { assertCanIssue } from './assert-can-issue.js';
import { callClaimsHook } from './call-claims-hook.js';
import { createTokenIssuer } from './token-issuer.js';
import type { SessionTokens } from './user-sessions-contract.js';
import type { SessionUser, UserSessionsSettings } from './user-sessions-options.js';

/** The access token of a session. */
export type UserToken = Omit<SessionTokens, 'refreshToken'>;

/** The request for the token: its time, which becomes `iat`, the keys of the client, and the request for the audit log. */
interface TokenRequest {
  readonly issuedAt: NumericDate;
  readonly confirmation: Confirmation | undefined;
  readonly origin: AuditOrigin;
}

/**
 * Create the function that issues the access tokens of sessions, with the claims of the hook.
 *
 * @throws TypeError if tokens cannot be encrypted, or would carry no proof of issuance
 */
export function userTokenIssuer(settings: UserSessionsSettings) {
  const { audience, claims: hook, lifetime, stores: _, revocations: _r, refresh: _f, ...options } = settings;
  assertCanIssue(options, [audience], 'createUserSessions');
  const tokens = createTokenIssuer<object>({ ...options, audience });

  /**
   * Issue an access token with the claims that the hook returns.
   *
   * @throws InvalidGrantError (as rejection) if the hook returns `undefined`
   * @throws TypeError (as rejection) if the hook returns no claims that a token can have
   */
  return async function issueUserToken(
    user: SessionUser,
    { issuedAt, confirmation, origin }: TokenRequest,
  ): Promise<UserToken> {
    const { subject, sessionId, scope } = user;
    const claims = await callClaimsHook('createUserSessions', () =>
      hook({ ...user, scope: Object.freeze([...scope]) }),
    );
    if (claims === undefined) throw new InvalidGrantError('no_user');
    if (!isJsonObject(claims)) throw new TypeError(NO_CLAIMS);
    const request = { subject, sessionId, scope, lifetime, issuedAt, claims };
    const { token, expiresInSeconds } = await tokens.issue({
      ...request,
      ...(confirmation && { confirmation }),
      ...origin,
    });
    return { accessToken: token, sessionId, expiresInSeconds, scope: formatScope(scope) };
  };
}

const NO_CLAIMS =
  'createUserSessions: claims must return a JSON object, or undefined if the user may no longer sign in';
