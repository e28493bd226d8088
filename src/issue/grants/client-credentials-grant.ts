import { InvalidRequestError, InvalidScopeError } from '../../base/errors.js';
import { confirmationOf } from '../../sessions/key-binding.js';
import type { RefreshFamilies } from '../../sessions/refresh-contract.js';
import type { PersonReference } from '../../stores/family-store.js';
import { formatScope } from '../../token/claims/scope.js';
import { noVerifiedUsers } from '../users/no-verified-users.js';
import type { VerifiedUsers } from '../users/verified-users.js';
import { verifyUser } from '../users/verify-user.js';
import { audiencesOf, chooseAudience } from './choose-audience.js';
import type { Grant, GrantContext, TokenResponse } from './grant.js';
import {
  type AccessTokenRequest,
  type ClaimsHook,
  issueAccessToken,
  issueServiceToken,
  noClaims,
} from './issue-access-token.js';
import { narrowScope } from './narrow-scope.js';
import { echoOfflineAccess, readRequestedScope } from './offline-access.js';
import { assertServiceRequest, readIdentities } from './read-identities.js';
import { surplusPolicy } from './surplus-policy.js';

export interface ClientCredentialsParts {
  /**
   * Hook that adds custom claims to access tokens.
   *
   * @default undefined (no custom claims)
   */
  readonly claimsHook?: ClaimsHook;
  /**
   * Refresh token families.
   *
   * @default undefined (no refresh tokens)
   */
  readonly families?: RefreshFamilies;
  /**
   * Verification of users by directories.
   *
   * @default no directories
   */
  readonly users?: VerifiedUsers;
}

/**
 * Create the client credentials grant (RFC 6749 §4.4). It exchanges an API key for an access token. With
 * `offline_access` in `scope`, it also issues a refresh token.
 */
export function clientCredentialsGrant({
  claimsHook = noClaims,
  families,
  users = noVerifiedUsers,
}: ClientCredentialsParts = {}): Grant {
  return {
    grantType: 'client_credentials',
    parameters: ['scope', 'audience', 'resource', 'user', 'session_id', 'device_id'],
    async handle(context: GrantContext) {
      const { apiKey, parameters, defaultAudience } = context;
      const allowed = audiencesOf(apiKey, defaultAudience);
      const audience = chooseAudience(parameters, allowed, apiKey.serviceAudiences);
      const requested = readRequestedScope(parameters.get('scope'));
      const surplus = surplusPolicy(context);
      const isService = apiKey.serviceAudiences.includes(audience);
      const identity = isService ? undefined : await verifyUser(context, users);
      const scope = narrowScope(requested.scope, identity?.available ?? apiKey.permissions, { surplus });
      const mayRefresh = families !== undefined && apiKey.refreshTokens !== 'off' && !isService;
      const isOffline = requested.isOffline && (mayRefresh || surplus === 'reject');
      if (isService) {
        assertServiceRequest(parameters, isOffline);
        return issueServiceToken(context, { scope, audience }, claimsHook);
      }
      const identities = readIdentities(apiKey, parameters, { users, identity });
      const request = { scope, audience, ...identities };
      if (!isOffline) return issueAccessToken(context, request, claimsHook);
      let response: TokenResponse | undefined;
      const { refreshToken } = await beginSession(
        request,
        { context, families, person: identity?.person },
        async (sessionId) => {
          response = await issueAccessToken(context, { ...request, sessionId }, claimsHook);
        },
      );
      if (response === undefined) {
        throw new TypeError('The session began without an access token: report this bug in passport-jwe');
      }
      return { ...echoOfflineAccess(response), refresh_token: refreshToken };
    },
  };
}

interface SessionParts {
  readonly context: GrantContext;
  readonly families: RefreshFamilies | undefined;
  /** Person whom each refresh checks again. */
  readonly person: PersonReference | undefined;
}

function beginSession(
  { scope, audience, user, sessionId, deviceId }: AccessTokenRequest,
  { context: { apiKey, sender, origin }, families, person }: SessionParts,
  prepare: (sessionId: string) => Promise<void>,
) {
  if (families === undefined || apiKey.refreshTokens === 'off') {
    throw new InvalidScopeError('Refresh tokens are not enabled for this API key');
  }
  const isAnchored = deviceId !== undefined || confirmationOf(sender) !== undefined;
  if (apiKey.refreshTokens === 'public' && !isAnchored) {
    throw new InvalidRequestError(
      'Refresh tokens of this API key are bound to a device or a key: send device_id or a DPoP proof',
    );
  }
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
  return families.begin(start, origin.ip, prepare);
}
