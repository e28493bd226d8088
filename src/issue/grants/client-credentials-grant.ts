import type { RefreshFamilies } from '../../sessions/refresh-contract.js';
import { noVerifiedUsers } from '../users/no-verified-users.js';
import type { VerifiedUsers } from '../users/verified-users.js';
import { verifyUser } from '../users/verify-user.js';
import { audiencesOf, chooseAudience } from './choose-audience.js';
import type { Grant, GrantContext } from './grant.js';
import { type ClaimsHook, issueAccessToken, issueServiceToken, noClaims } from './issue-access-token.js';
import { issueSessionTokens, requireFamilies } from './issue-session-tokens.js';
import { narrowScope } from './narrow-scope.js';
import { readRequestedScope } from './offline-access.js';
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
      const session = isOffline ? requireFamilies(families, context, request) : undefined;
      if (identity !== undefined) await users.record(identity, context);
      if (session === undefined) return issueAccessToken(context, request, claimsHook);
      const { person } = identity ?? {};
      return issueSessionTokens(context, request, { claimsHook, families: session, person });
    },
  };
}
