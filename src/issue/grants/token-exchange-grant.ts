import type { ApiKey, DelegationRules } from '../../api-keys/api-key.js';
import type { NumericDate } from '../../base/clock.js';
import {
  InvalidRequestError,
  InvalidScopeError,
  InvalidTokenError,
  UnauthorizedClientError,
} from '../../base/errors.js';
import { isJsonObject } from '../../base/json.js';
import type { ExchangeRejection } from '../../base/rejections.js';
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
import type { Grant, GrantContext, GrantParameters } from './grant.js';
import { type ClaimsHook, issueDelegatedToken, noClaims } from './issue-access-token.js';
import { narrowScope } from './narrow-scope.js';
import { readRequestedScope } from './offline-access.js';
import { ACCESS_TOKEN_TYPE, type ExchangeRequest, readExchangeRequest } from './read-exchange-request.js';

/** RFC 8693 section 2.1. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

export interface TokenExchangeParts {
  /** Default: no claims are added. */
  readonly claimsHook?: ClaimsHook;
  /** Accepts tokens that prove that they were issued here, are not revoked, and belong to an API key in force. */
  readonly verify: VerifyToken;
}

/**
 * RFC 8693: a client exchanges the token of a subject for one by which it, or an actor, acts for that subject. Denied
 * unless the configuration of its API key allows this subject's client, this actor and this audience.
 */
export function tokenExchangeGrant({ claimsHook = noClaims, verify }: TokenExchangeParts): Grant {
  return {
    grantType: TOKEN_EXCHANGE,
    parameters: [
      ...['subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'],
      ...['requested_token_type', 'scope', 'audience', 'resource'],
    ],
    async handle(context: GrantContext) {
      const { apiKey, parameters, clock } = context;
      const rules = assertMayExchange(apiKey);
      const request = readExchangeRequest(parameters);
      const audience = chooseAudience(parameters, rules.audiences);
      const subject = await openToken(request.subjectToken, verify, SUBJECT_REJECTIONS);
      const actor = await findActor(request, apiKey, verify);
      assertAllowed(subject, actor, rules);
      assertMayAct(subject, actor);
      const scope = chooseScope(parameters, [subject.scope, apiKey.permissions, actor.token?.scope]);
      const delegation = buildDelegation(subject, actor);
      assertLasting(delegation, clock());
      const delegated = { scope, audience, subjectToken: subject, delegation };
      const response = await issueDelegatedToken(context, delegated, claimsHook);
      return { ...response, issued_token_type: ACCESS_TOKEN_TYPE };
    },
  };
}

/** RFC 6749 section 5.2: the client is known, but this grant type is not for it. */
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

/** RFC 8693 section 2.2.2: a token that is invalid, or not acceptable here, is an `invalid_request`. */
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

/** Without an actor token the client acts itself. An actor speaks for itself: it shows no delegated token. */
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
 * RFC 8693 section 4.4: `may_act` of the subject token excludes all other actors. It grants nothing that the
 * configuration does not. A delegated token carries that of its subject token, so it holds at every hop.
 */
function assertMayAct({ claims }: DelegableToken, { subject: sub, clientId }: Actor): void {
  const mayAct = claims['may_act'];
  if (mayAct === undefined) return;
  const actor: Readonly<Record<string, string>> = { iss: claims.iss, sub, client_id: clientId };
  const named = isJsonObject(mayAct) ? mayAct : {};
  // A `sub` alone names a client: any client could assert a user of that name.
  const isNamed = Object.hasOwn(named, 'client_id') || (Object.hasOwn(named, 'sub') && sub === clientId);
  if (!isNamed || Object.entries(named).some(([name, value]) => actor[name] !== value)) {
    throw refusal('may_act');
  }
}

/** What all parties have, or as much of it as is asked for; a token for nothing is none. */
function chooseScope(
  parameters: GrantParameters,
  scopes: readonly (readonly string[] | undefined)[],
): readonly string[] {
  const { isOffline, scope: requested } = readRequestedScope(parameters.get('scope'));
  if (isOffline) throw new InvalidScopeError('There are no refresh tokens for delegated tokens');
  const [first = [], ...others] = scopes.filter((scope) => scope !== undefined);
  const common = first.filter((token) => others.every((scope) => scope.includes(token)));
  const scope = narrowScope(requested, common);
  if (scope.length === 0) throw new InvalidScopeError('The parties have no scope in common');
  return scope;
}

/** Readers grant a token some seconds past its end; nothing is made of those. */
function assertLasting({ latestExpiry }: Delegation, now: NumericDate): void {
  if (latestExpiry - now < 1) throw refusal('expires_now');
}

/** One description for all of them: which rule it was, is for the audit trail. */
function refusal(reason: ExchangeRejection, cause?: unknown): InvalidRequestError {
  return new InvalidRequestError('These tokens may not be exchanged by this client', { reason, cause });
}
