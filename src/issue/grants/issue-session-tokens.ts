import { InvalidRequestError } from '../../base/errors.js';
import { InvalidScopeError } from '../../base/token-endpoint-errors.js';
import { confirmationOf } from '../../sessions/key-binding.js';
import type { RefreshFamilies } from '../../sessions/refresh-contract.js';
import type { PersonReference } from '../../stores/family-store.js';
import { formatScope } from '../../token/claims/scope.js';
import type { GrantContext, TokenResponse } from './grant.js';
import { type AccessTokenRequest, type ClaimsHook, issueAccessToken } from './issue-access-token.js';
import { echoOfflineAccess } from './offline-access.js';

/** Dependencies of `issueSessionTokens()`. */
export interface SessionParts {
  readonly claimsHook: ClaimsHook;
  readonly families: RefreshFamilies;
  /** Person whom each refresh checks again. */
  readonly person: PersonReference | undefined;
}

/**
 * Return the refresh token families, if a request may begin a session.
 *
 * @throws InvalidScopeError if the client may not use refresh tokens
 * @throws InvalidRequestError if the refresh tokens must be bound, but the request has no device and no key
 */
export function requireFamilies(
  families: RefreshFamilies | undefined,
  { apiKey, sender }: GrantContext,
  { deviceId }: Pick<AccessTokenRequest, 'deviceId'>,
): RefreshFamilies {
  if (families === undefined || apiKey.refreshTokens === 'off') {
    throw new InvalidScopeError('Refresh tokens are not enabled for this API key');
  }
  const isAnchored = deviceId !== undefined || confirmationOf(sender) !== undefined;
  if (apiKey.refreshTokens === 'public' && !isAnchored) {
    throw new InvalidRequestError(
      'Refresh tokens of this API key are bound to a device or a key: send device_id or a DPoP proof',
    );
  }
  return families;
}

/**
 * Issue an access token and the first refresh token of a new family (RFC 6749 §5.1).
 *
 * @throws InvalidClientError (as rejection) if the API key has become inactive since authentication
 */
export async function issueSessionTokens(
  context: GrantContext,
  request: AccessTokenRequest,
  { claimsHook, families, person }: SessionParts,
): Promise<TokenResponse> {
  const { apiKey, sender, origin } = context;
  const { scope, audience, user, sessionId, deviceId } = request;
  const start = {
    clientId: apiKey.keyId,
    subject: user ?? apiKey.keyId,
    subjectAsserted: user !== undefined,
    audience,
    scope: formatScope(scope),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(deviceId === undefined ? {} : { deviceId }),
    ...(sender === undefined ? {} : { sender }),
    ...(person === undefined ? {} : { person }),
  };
  let response: TokenResponse | undefined;
  const { refreshToken } = await families.begin(start, origin, async (id) => {
    response = await issueAccessToken(context, { ...request, sessionId: id }, claimsHook);
  });
  if (response === undefined) {
    throw new TypeError('The session began without an access token: report this bug in passport-jwe');
  }
  return { ...echoOfflineAccess(response), refresh_token: refreshToken };
}
