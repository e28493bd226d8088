import type { ApiKey } from '../../api-keys/api-key.js';
import { InvalidScopeError, UnauthorizedClientError } from '../../base/token-endpoint-errors.js';
import type { RefreshFamilies } from '../../sessions/refresh-contract.js';
import type { PersonReference } from '../../stores/family-store.js';
import type { IdTokenUsers } from '../id-tokens/id-token-users.js';
import type { VerifiedUsers } from '../users/verified-users.js';
import { audiencesOf, chooseAudience } from './choose-audience.js';
import type { GrantContext, TokenResponse } from './grant.js';
import { type AccessTokenRequest, type ClaimsHook, issueAccessToken } from './issue-access-token.js';
import { issueSessionTokens, requireFamilies } from './issue-session-tokens.js';
import { narrowScope } from './narrow-scope.js';
import { readRequestedScope } from './offline-access.js';
import { ACCESS_TOKEN_TYPE, readIdTokenRequest } from './read-exchange-request.js';
import { readIdentities } from './read-identities.js';
import { surplusPolicy } from './surplus-policy.js';

/** Dependencies of `exchangeIdToken()`. */
export interface IdTokenExchangeParts {
  readonly claimsHook: ClaimsHook;
  readonly idTokens: IdTokenUsers;
  readonly users: Pick<VerifiedUsers, 'isVerifiedSubject'>;
  /**
   * Refresh token families.
   *
   * @default undefined (no refresh tokens)
   */
  readonly families?: RefreshFamilies;
}

/**
 * Exchange an ID token for an access token of its user (RFC 8693 §2.1). The access token has the type of the API key: the
 * user acts, not a delegate. With `offline_access` in `scope`, a user of a directory also obtains a refresh token.
 *
 * The ID token is consumed after all checks, immediately before the tokens are issued.
 */
export async function exchangeIdToken(
  context: GrantContext,
  { claimsHook, idTokens, users, families }: IdTokenExchangeParts,
): Promise<TokenResponse> {
  const { apiKey, parameters, sender, defaultAudience } = context;
  assertMayExchange(apiKey);
  const text = readIdTokenRequest(parameters);
  const audience = chooseAudience(parameters, audiencesOf(apiKey, defaultAudience));
  const idToken = await idTokens.verify(text, apiKey, sender?.jkt);
  const identity = await idTokens.identify(idToken, context);
  const requested = readRequestedScope(parameters.get('scope'));
  const scope = narrowScope(requested.scope, identity.available, { surplus: surplusPolicy(context) });
  const request = { scope, audience, ...readIdentities(apiKey, parameters, { users, identity }) };
  const { person } = identity;
  const session = requested.isOffline ? findFamilies(context, request, { families, person }) : undefined;
  await idTokens.consume(idToken, identity, context);
  const response =
    session === undefined
      ? await issueAccessToken(context, request, claimsHook)
      : await issueSessionTokens(context, request, { claimsHook, families: session, person });
  return { ...response, issued_token_type: ACCESS_TOKEN_TYPE };
}

/** @throws UnauthorizedClientError if the API key lists no ID tokens (RFC 6749 §5.2) */
function assertMayExchange({ idTokens }: ApiKey): void {
  if (idTokens.length === 0) throw new UnauthorizedClientError();
}

interface SessionTerms {
  readonly families: RefreshFamilies | undefined;
  readonly person: PersonReference | undefined;
}

/**
 * Return the families that a refresh token for the user needs. A provider cannot be asked about a user later, so only users
 * of a directory obtain refresh tokens.
 *
 * @returns `undefined` if there can be no refresh token, and surplus scope is ignored
 * @throws InvalidScopeError, InvalidRequestError if there can be no refresh token
 */
function findFamilies(
  context: GrantContext,
  request: Pick<AccessTokenRequest, 'deviceId'>,
  { families, person }: SessionTerms,
): RefreshFamilies | undefined {
  const mayRefresh = families !== undefined && context.apiKey.refreshTokens !== 'off' && person !== undefined;
  if (!mayRefresh && surplusPolicy(context) === 'narrow') return undefined;
  if (person === undefined)
    throw new InvalidScopeError('Refresh tokens are only issued for users of a directory');
  return requireFamilies(families, context, request);
}
