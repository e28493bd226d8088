import type { ApiKey } from '../../api-keys/api-key.js';
import {
  InvalidGrantError,
  InvalidScopeError,
  InvalidTargetError,
} from '../../base/token-endpoint-errors.js';
import { parseScope } from '../../token/claims/scope.js';
import type { VerifiedUsers } from '../users/verified-users.js';
import { verifyUser } from '../users/verify-user.js';
import type { Workload } from '../workloads/workload.js';
import { audiencesOf, chooseAudience } from './choose-audience.js';
import { findTarget } from './find-target.js';
import type { Grant, GrantContext } from './grant.js';
import { type ClaimsHook, issueAccessToken, issueServiceToken, noClaims } from './issue-access-token.js';
import { narrowScope } from './narrow-scope.js';
import { readRequestedScope } from './offline-access.js';
import { assertServiceRequest, type IdentityTerms, readIdentities } from './read-identities.js';
import { surplusPolicy } from './surplus-policy.js';

/** Grant type of JWTs as authorization grants (RFC 7523 §2.1). */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

export interface JwtBearerParts {
  /**
   * Hook that adds custom claims to access tokens.
   *
   * @default undefined (no custom claims)
   */
  readonly claimsHook?: ClaimsHook;
  /** Verification of users by directories. */
  readonly users: VerifiedUsers;
}

/**
 * Create the JWT bearer grant (RFC 7523 §2.1). It exchanges the JWT of a workload for an access token of the API key
 * that lists the workload. There are no refresh tokens (RFC 7521 §4.1): the workload sends its JWT again.
 */
export function jwtBearerGrant({ claimsHook = noClaims, users }: JwtBearerParts): Grant {
  return {
    grantType: JWT_BEARER,
    parameters: ['scope', 'audience', 'resource', 'user', 'session_id', 'device_id'],
    async handle(context: GrantContext) {
      const { apiKey, parameters, defaultAudience, workload } = context;
      if (workload === undefined)
        throw new TypeError('The grant has no workload: report this bug in passport-jwe');
      const allowed = audiencesOf(apiKey, defaultAudience);
      const audience = chooseAudience(parameters, allowed, workload.isUser ? [] : apiKey.serviceAudiences);
      assertTarget(audience, workload);
      const requested = readRequestedScope(parameters.get('scope'));
      const surplus = surplusPolicy(context);
      if (requested.isOffline && surplus === 'reject')
        throw new InvalidScopeError('Refresh tokens are not issued for JWTs of workloads');
      const isService = apiKey.serviceAudiences.includes(audience);
      const identity = isService || workload.isUser ? undefined : await verifyUser(context, users);
      const available = identity?.available ?? availableScope(apiKey, workload);
      const scope = narrowScope(requested.scope, available, { surplus });
      if (isService) {
        assertServiceRequest(parameters, false);
        return issueServiceToken(context, { scope, audience, workload }, claimsHook);
      }
      const identities = identitiesOf(context, workload, { users, identity });
      if (identity !== undefined) await users.record(identity, context);
      return issueAccessToken(context, { scope, audience, workload, ...identities }, claimsHook);
    },
  };
}

/** Return the permissions of the API key. The `scope` of an ID-JAG restricts them. */
function availableScope({ permissions }: ApiKey, { isUser, claims }: Workload): readonly string[] {
  if (!isUser || claims['scope'] === undefined) return permissions;
  const granted = parseScope(claims['scope']) ?? [];
  return permissions.filter((token) => granted.includes(token));
}

/** Assert that the audience is a `resource` of the ID-JAG, if it has any. */
function assertTarget(audience: string, { isUser, claims: { resource } }: Workload): void {
  if (!isUser || resource === undefined) return;
  const isTarget = (each: unknown) => typeof each === 'string' && findTarget(each, [audience]) !== undefined;
  if (![resource].flat().some(isTarget)) throw new InvalidTargetError();
}

/**
 * Return the identities of the token. For an ID-JAG, the user is its subject. Users are not qualified by their issuer, so
 * all workloads of the API key must then have the same issuer.
 */
function identitiesOf({ apiKey, parameters }: GrantContext, workload: Workload, terms: IdentityTerms) {
  if (!workload.isUser) return readIdentities(apiKey, parameters, terms);
  const { issuer, subject } = workload;
  const isQualified = apiKey.workloads.every((rule) => rule.issuer === issuer);
  const isOther = (parameters.get('user') ?? subject) !== subject;
  // A directory does not know the subjects of an identity provider.
  const mayAssert = apiKey.users === true && !terms.users.isVerifiedSubject(subject);
  if (!mayAssert || !isQualified || isOther) throw new InvalidGrantError('assertion_user', workload);
  return readIdentities(apiKey, new Map([...parameters, ['user', subject]]), terms);
}
