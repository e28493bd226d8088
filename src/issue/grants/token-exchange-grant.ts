import type { ApiKey, DelegationRules } from '../../api-keys/api-key.js';
import type { NumericDate } from '../../base/clock.js';
import { InvalidRequestError, InvalidTokenError } from '../../base/errors.js';
import { isJsonObject } from '../../base/json.js';
import type { ExchangeRejection } from '../../base/rejections.js';
import { InvalidScopeError, UnauthorizedClientError } from '../../base/token-endpoint-errors.js';
import type { VerifiedToken } from '../../token/claims/verified-token.js';
import type { VerifyToken } from '../router-verifiers.js';
import {
  type Actor,
  buildDelegation,
  DELEGABLE_TYPES,
  type DelegableToken,
  type Delegation,
} from './build-delegation.js';
import { chooseAudience } from './choose-audience.js';
import { exchangeIdToken, type IdTokenExchangeParts } from './exchange-id-token.js';
import type { Grant, GrantContext, TokenResponse } from './grant.js';
import { assertMayHold } from './holder-of-token.js';
import { type ClaimsHook, issueDelegatedToken, noClaims } from './issue-access-token.js';
import { narrowScope } from './narrow-scope.js';
import { readRequestedScope } from './offline-access.js';
import {
  ACCESS_TOKEN_TYPE,
  type ExchangeRequest,
  isIdTokenRequest,
  readExchangeRequest,
} from './read-exchange-request.js';
import { surplusPolicy } from './surplus-policy.js';

/** Grant type of token exchange (RFC 8693 §2.1). */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

export interface TokenExchangeParts extends Omit<IdTokenExchangeParts, 'claimsHook'> {
  /**
   * Hook that adds custom claims to access tokens.
   *
   * @default undefined (no custom claims)
   */
  readonly claimsHook?: ClaimsHook;
  /** Accept unrevoked tokens of active API keys that carry a proof of issuance. */
  readonly verify: VerifyToken;
}

/**
 * Create the token exchange grant (RFC 8693). `subject_token_type` selects the exchange: of an ID token for an access token
 * of its user, or of an access token for a delegated token.
 */
export function tokenExchangeGrant({ claimsHook = noClaims, ...parts }: TokenExchangeParts): Grant {
  return {
    grantType: TOKEN_EXCHANGE,
    parameters: [
      ...['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'],
      ...['requested_token_type', 'scope', 'audience', 'resource', 'session_id', 'device_id'],
    ],
    handle: (context) =>
      isIdTokenRequest(context.parameters)
        ? exchangeIdToken(context, { ...parts, claimsHook })
        : exchangeAccessToken(context, { ...parts, claimsHook }),
  };
}

/**
 * Exchange an access token for a delegated token, with which the client or another actor acts for the subject. The option
 * `delegation` of the API key must list the client of the subject token, the actor and the audience.
 */
async function exchangeAccessToken(
  context: GrantContext,
  { claimsHook, verify }: Required<Pick<TokenExchangeParts, 'claimsHook' | 'verify'>>,
): Promise<TokenResponse> {
  const { apiKey, parameters, clock } = context;
  const rules = assertMayExchange(apiKey);
  const request = readExchangeRequest(parameters);
  const audience = chooseAudience(parameters, rules.audiences);
  const subject = await openToken(request.subjectToken, verify, SUBJECT_REJECTIONS);
  const actor = await findActor(request, apiKey, verify);
  for (const token of [subject, actor.token]) assertMayHold(token, context);
  assertAllowed(subject, actor, rules);
  assertMayAct(subject, actor);
  const scope = chooseScope(context, [subject.scope, apiKey.permissions, actor.token?.scope]);
  const delegation = buildDelegation(subject, actor);
  assertLasting(delegation, clock());
  const delegated = { scope, audience, subjectToken: subject, delegation };
  const response = await issueDelegatedToken(context, delegated, claimsHook);
  return { ...response, issued_token_type: ACCESS_TOKEN_TYPE };
}

/**
 * Return the delegation rules of an API key.
 *
 * @throws UnauthorizedClientError if the client may not use this grant type (RFC 6749 §5.2)
 */
function assertMayExchange({ delegation }: ApiKey): DelegationRules {
  if (delegation === undefined) throw new UnauthorizedClientError();
  return delegation;
}

interface PartyRejections {
  readonly invalid: ExchangeRejection;
  readonly wrongType: ExchangeRejection;
}

const SUBJECT_REJECTIONS = { invalid: 'invalid_subject_token', wrongType: 'wrong_subject_type' } as const;
const ACTOR_REJECTIONS = { invalid: 'invalid_actor_token', wrongType: 'wrong_actor_type' } as const;

/**
 * Verify a subject token or actor token.
 *
 * @throws InvalidRequestError (as rejection) if the token is invalid or not delegable (RFC 8693 §2.2.2)
 */
async function openToken(
  token: string,
  verify: VerifyToken,
  { invalid, wrongType }: PartyRejections,
): Promise<DelegableToken> {
  let verified: VerifiedToken;
  try {
    verified = await verify(token);
  } catch (error) {
    if (!(error instanceof InvalidTokenError)) throw error;
    throw refusal(error.reason === 'key_inactive' ? 'key_not_active' : invalid, error);
  }
  if (!isDelegable(verified)) throw refusal(wrongType);
  return verified;
}

function isDelegable(token: VerifiedToken): token is DelegableToken {
  return DELEGABLE_TYPES.some((type) => token.type === type);
}

/** Determine the actor: the subject of the actor token, or the client itself. Reject delegated actor tokens. */
async function findActor(
  { actorToken }: ExchangeRequest,
  { keyId }: ApiKey,
  verify: VerifyToken,
): Promise<Actor> {
  if (actorToken === undefined) return { subject: keyId, clientId: keyId };
  const token = await openToken(actorToken, verify, ACTOR_REJECTIONS);
  if (token.type === 'delegation') throw refusal('wrong_actor_type');
  return { subject: token.claims.sub, clientId: token.claims.client_id, token };
}

function assertAllowed(subject: DelegableToken, actor: Actor, rules: DelegationRules): void {
  if (!rules.subjects.includes(subject.claims.client_id)) throw refusal('subject_not_allowed');
  if (!rules.actors.includes(actor.clientId)) throw refusal('actor_not_allowed');
}

/**
 * Assert that `may_act` of the subject token, if present, names the actor (RFC 8693 §4.4). The claim restricts the
 * actors that the configuration allows, and never adds any. Delegated tokens inherit the claim.
 */
function assertMayAct({ claims }: DelegableToken, { subject: sub, clientId }: Actor): void {
  const mayAct = claims['may_act'];
  if (mayAct === undefined) return;
  const actor: Readonly<Record<string, string>> = { iss: claims.iss, sub, client_id: clientId };
  const named = isJsonObject(mayAct) ? mayAct : {};
  // Without `client_id`, `sub` must name a client: any client could assert a user with the same name.
  const isNamed = Object.hasOwn(named, 'client_id') || (Object.hasOwn(named, 'sub') && sub === clientId);
  if (!isNamed || Object.entries(named).some(([name, value]) => actor[name] !== value)) {
    throw refusal('may_act');
  }
}

/**
 * Return the scope that all parties have in common, narrowed to the requested scope.
 *
 * @throws InvalidScopeError if the scope is empty, or the client requests surplus scope tokens or `offline_access`
 */
function chooseScope(
  context: GrantContext,
  scopes: readonly (readonly string[] | undefined)[],
): readonly string[] {
  const { isOffline, scope: requested } = readRequestedScope(context.parameters.get('scope'));
  const surplus = surplusPolicy(context);
  if (isOffline && surplus === 'reject')
    throw new InvalidScopeError('Refresh tokens are not issued for delegated tokens');
  const [first = [], ...others] = scopes.filter((scope) => scope !== undefined);
  const common = first.filter((token) => others.every((scope) => scope.includes(token)));
  const scope = narrowScope(requested, common, { surplus });
  if (scope.length === 0) throw new InvalidScopeError('The parties have no scope in common');
  return scope;
}

/**
 * Assert that the delegated token is valid for at least one second. The clock tolerance of verifiers does not extend
 * the exchanged tokens.
 */
function assertLasting({ latestExpiry }: Delegation, now: NumericDate): void {
  if (latestExpiry - now < 1) throw refusal('expires_now');
}

/** Create the error for a rejected exchange. All reasons share one description. Only audit events name the reason. */
function refusal(reason: ExchangeRejection, cause?: unknown): InvalidRequestError {
  return new InvalidRequestError('This client may not exchange these tokens', { reason, cause });
}
