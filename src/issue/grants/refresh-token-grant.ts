import { hash } from 'node:crypto';
import type { ApiKey } from '../../api-keys/api-key.js';
import { InvalidRequestError } from '../../base/errors.js';
import { InvalidGrantError, InvalidScopeError } from '../../base/token-endpoint-errors.js';
import type { RefreshFamilies } from '../../sessions/refresh-contract.js';
import type { RefreshTokenCodec } from '../../sessions/refresh-token-codec.js';
import type { FamilyState } from '../../stores/family-store.js';
import { parseScope } from '../../token/claims/scope.js';
import { requesterOf } from '../requester-of.js';
import { NO_GROUP_SCOPE } from '../users/identity-of-person.js';
import { noVerifiedUsers } from '../users/no-verified-users.js';
import type { VerifiedUser } from '../users/verified-user.js';
import type { VerifiedUsers } from '../users/verified-users.js';
import { audiencesOf, chooseAudience } from './choose-audience.js';
import type { Grant, GrantContext, TokenResponse } from './grant.js';
import { type ClaimsHook, issueAccessToken, noClaims } from './issue-access-token.js';
import { narrowScope } from './narrow-scope.js';
import { echoOfflineAccess, readRequestedScope } from './offline-access.js';
import { surplusPolicy } from './surplus-policy.js';

export interface RefreshTokenParts {
  /**
   * Hook that adds custom claims to access tokens.
   *
   * @default undefined (no custom claims)
   */
  readonly claimsHook?: ClaimsHook;
  readonly families: RefreshFamilies;
  readonly codec: RefreshTokenCodec;
  /**
   * Check of the people whom a directory verified.
   *
   * @default no directories
   */
  readonly users?: Pick<VerifiedUsers, 'recheck'>;
}

/**
 * Create the refresh token grant (RFC 6749 §6). It exchanges a refresh token for an access token and the next refresh
 * token.
 *
 * The refresh token is consumed last, after all checks and the creation of the access token. If one of these steps
 * fails, the refresh token can be used again.
 */
export function refreshTokenGrant({
  claimsHook = noClaims,
  families,
  codec,
  users = noVerifiedUsers,
}: RefreshTokenParts): Grant {
  return {
    grantType: 'refresh_token',
    parameters: ['refresh_token', 'scope', 'audience', 'resource', 'session_id', 'device_id'],
    async handle(context: GrantContext) {
      const { apiKey, isPublic, parameters, sender, origin, requestedAt, clock } = context;
      const token = parameters.get('refresh_token');
      if (token === undefined) throw new InvalidRequestError('The parameter refresh_token is missing');
      if (apiKey.refreshTokens === 'off') throw new InvalidGrantError('revoked');
      const presented = await codec.open(token, clock());
      const { scope: sentScope = '', isOffline } = readRequestedScope(parameters.get('scope'));
      const requestedScope = withoutRepetitions(sentScope);
      const request = {
        ...requesterOf(apiKey, origin),
        isPublic,
        ...(sender === undefined ? {} : { sender }),
        sessionId: parameters.get('session_id'),
        deviceId: parameters.get('device_id'),
        requestedScope: shorten(requestedScope),
      };
      const datedUpTo = Math.min(requestedAt, families.knownUpTo());
      const { state } = await families.find(presented, request);
      assertAudience(state, context);
      chooseAudience(parameters, [state.audience]);
      const granted = chooseScope(state, requestedScope, context);
      const issuance = { ...context, requestedAt: Math.max(state.createdAt, datedUpTo) };
      let response: TokenResponse | undefined;
      // Not before: the reuse of a token must be detected although the directory is unavailable.
      const successor = await families.rotate(presented, request, async (family) => {
        const identity = await users.recheck(family, context);
        const scope = permittedScope(granted, apiKey, identity);
        response = await issueAccessToken(issuance, { scope, ...identitiesOf(state, identity) }, claimsHook);
      });
      if (response === undefined) {
        throw new TypeError(
          'The refresh token was used without a new access token: report this bug in passport-jwe',
        );
      }
      const isEchoed = isOffline || requestedScope === '';
      return { ...(isEchoed ? echoOfflineAccess(response) : response), refresh_token: successor };
    },
  };
}

/** Assert that the API key may still request the audience of the refresh token family. */
function assertAudience({ audience }: FamilyState, { apiKey, defaultAudience }: GrantContext): void {
  if (!audiencesOf(apiKey, defaultAudience).includes(audience)) throw new InvalidGrantError('revoked');
}

/** Return the intersection of the granted scope and the requested scope. */
function chooseScope(state: FamilyState, requested: string, context: GrantContext): readonly string[] {
  const surplus = surplusPolicy(context);
  const granted = parseScope(state.scope) ?? [];
  return narrowScope(requested === '' ? undefined : requested, granted, { surplus });
}

/**
 * Return the scope tokens that the API key still permits, and that the current groups of a verified user grant.
 *
 * @throws InvalidScopeError if nothing of the scope of a verified user remains
 */
function permittedScope(
  scope: readonly string[],
  { permissions }: ApiKey,
  identity: VerifiedUser | undefined,
): readonly string[] {
  const permitted = identity?.available ?? permissions;
  const remaining = scope.filter((token) => permitted.includes(token));
  if (identity !== undefined && remaining.length === 0) throw new InvalidScopeError(NO_GROUP_SCOPE);
  return remaining;
}

function identitiesOf(
  { audience, subject, subjectAsserted, sessionId, deviceId }: FamilyState,
  identity: VerifiedUser | undefined,
) {
  return {
    audience,
    sessionId,
    ...(identity === undefined ? {} : { userClaims: identity.claims }),
    ...(subjectAsserted ? { user: subject } : {}),
    ...(deviceId === undefined ? {} : { deviceId }),
  };
}

/** Maximum length of a stored scope in characters. */
const MAX_STORED_SCOPE = 256;

/**
 * Shorten a scope to its digest. The requested scope is stored for the grace window and compared, and a client can request
 * more than it gets.
 */
function shorten(scope: string): string {
  return scope.length <= MAX_STORED_SCOPE ? scope : `sha-256:${hash('sha256', scope, 'base64url')}`;
}

/** Remove repeated scope tokens. */
function withoutRepetitions(scope: string): string {
  return [...new Set(scope.split(' '))].join(' ');
}
