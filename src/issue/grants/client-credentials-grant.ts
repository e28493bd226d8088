import { InvalidRequestError, InvalidScopeError } from '../../base/errors.js';
import { confirmationOf } from '../../sessions/key-binding.js';
import type { RefreshFamilies } from '../../sessions/refresh-contract.js';
import { formatScope } from '../../token/claims/scope.js';
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
}

/**
 * Create the client credentials grant (RFC 6749 §4.4). It exchanges an API key for an access token. With
 * `offline_access` in `scope`, it also issues a refresh token.
 */
export function clientCredentialsGrant({
  claimsHook = noClaims,
  families,
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
      const scope = narrowScope(requested.scope, apiKey.permissions, { surplus });
      const isService = apiKey.serviceAudiences.includes(audience);
      const mayRefresh = families !== undefined && apiKey.refreshTokens !== 'off' && !isService;
      const isOffline = requested.isOffline && (mayRefresh || surplus === 'reject');
      if (isService) {
        assertServiceRequest(parameters, isOffline);
        return issueServiceToken(context, { scope, audience }, claimsHook);
      }
      const identities = readIdentities(apiKey, parameters);
      const request = { scope, audience, ...identities };
      if (!isOffline) return issueAccessToken(context, request, claimsHook);
      let response: TokenResponse | undefined;
      const { refreshToken } = await beginSession(request, { context, families }, async (sessionId) => {
        response = await issueAccessToken(context, { ...request, sessionId }, claimsHook);
      });
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
}

function beginSession(
  { scope, audience, user, sessionId, deviceId }: AccessTokenRequest,
  { context: { apiKey, sender, origin }, families }: SessionParts,
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
  };
  return families.begin(start, origin.ip, prepare);
}
