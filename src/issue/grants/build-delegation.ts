import type { NumericDate } from '../../base/clock.js';
import { InvalidRequestError } from '../../base/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.js';
import { ALLOWED_CLAIMS, type ClaimsByType, type LineageEntry } from '../../token/claims/claims-set.js';
import type { VerifiedTokenOf } from '../../token/claims/verified-token.js';
import type { ClientTokenRequest } from '../issue-request.js';

/** Token types that can be delegated. Service tokens cannot be delegated. */
export const DELEGABLE_TYPES = ['tiered_model_exec', 'function_call', 'api_call', 'delegation'] as const;

type DelegableType = (typeof DELEGABLE_TYPES)[number];

/** Verified token that can be delegated. */
export type DelegableToken = { [Type in DelegableType]: VerifiedTokenOf<Type> }[DelegableType];

/** Acting party: the client itself, or the subject of the actor token. */
export interface Actor {
  readonly subject: string;
  readonly clientId: string;
  /**
   * Actor token of the exchange.
   *
   * @default undefined (the authenticated client is the actor)
   */
  readonly token?: DelegableToken;
}

/** Identities in a delegated token and its audit events. */
export type DelegatedIdentity = Pick<
  ClientTokenRequest,
  'subject' | 'subjectAsserted' | 'delegatedFrom' | 'delegatedTo'
>;

/** Contents of a delegated token, derived from the exchanged tokens. */
export interface Delegation {
  readonly identity: DelegatedIdentity;
  readonly claims: JsonObject;
  /** Upper bound of `exp`: the earliest `exp` of the exchanged tokens. */
  readonly latestExpiry: NumericDate;
}

/** Maximum number of actors in the `act` chain (RFC 8693 §4.1). */
const MAX_ACTORS = 4;

/**
 * Build the claims of a delegated token (RFC 8693 §4.1).
 *
 * - `act` names the current actor and all prior actors.
 * - `lineage` lists the tokens whose revocation also revokes the delegated token.
 * - `may_act` is copied from the subject token, and so restricts every later delegation.
 *
 * @throws InvalidRequestError if the `act` chain would have more than 4 actors
 */
export function buildDelegation(subject: DelegableToken, actor: Actor): Delegation {
  const { sub, client_id: clientId, jti, exp } = subject.claims;
  const first = subject.type === 'delegation' ? subject.claims.lineage[0] : subject.claims;
  const act = buildAct(subject, actor);
  if (countActors(act) > MAX_ACTORS) {
    throw new InvalidRequestError(`A token can be delegated at most ${MAX_ACTORS} times`, {
      reason: 'too_deep',
    });
  }
  return {
    identity: {
      subject: sub,
      subjectAsserted: sub !== (first?.client_id ?? clientId),
      delegatedFrom: jti,
      delegatedTo: actor.subject,
    },
    claims: {
      delegator: sub,
      delegated_to: actor.subject,
      act,
      lineage: buildLineage(subject, actor.token),
      ...copyAllowed(subject.claims),
      ...copyMayAct(subject.claims),
    },
    latestExpiry: Math.min(exp, actor.token?.claims.exp ?? exp),
  };
}

function buildAct(subject: DelegableToken, { subject: sub, clientId }: Actor): JsonObject {
  const before = subject.type === 'delegation' ? { act: subject.claims.act } : {};
  return { sub, client_id: clientId, ...before };
}

function countActors(act: JsonValue | undefined): number {
  return isJsonObject(act) ? 1 + countActors(act['act']) : 0;
}

/** Build the lineage, with the oldest token first. */
function buildLineage(subject: DelegableToken, actor: DelegableToken | undefined): readonly LineageEntry[] {
  const ancestors = subject.type === 'delegation' ? subject.claims.lineage : [];
  const actors: readonly LineageEntry[] =
    actor === undefined ? [] : [{ ...describeAncestor(actor), is_actor: true }];
  return [...ancestors, { ...describeAncestor(subject), ...copyLimits(subject.claims) }, ...actors];
}

function describeAncestor({ type, claims, header }: DelegableToken): LineageEntry {
  const { jti, client_id, sub, iat, session_id } = claims;
  return {
    jti,
    client_id,
    iat,
    ...(type === 'delegation' ? {} : { sub }),
    ...(session_id === undefined ? {} : { session_id }),
    ...(typeof header['kid'] === 'string' ? { kid: header['kid'] } : {}),
  };
}

/**
 * Copy the rate limits of the subject token. Actor entries have no limits, since requests are not charged to actors.
 */
function copyLimits({ rate_limits: limits }: ClaimsByType[DelegableType]): Pick<LineageEntry, 'rate_limits'> {
  return limits === undefined ? {} : { rate_limits: limits };
}

function copyAllowed(claims: ClaimsByType[DelegableType]): JsonObject {
  const allowed: Record<string, JsonValue> = {};
  for (const name of ALLOWED_CLAIMS) {
    const value = claims[name];
    if (value !== undefined) allowed[name] = value;
  }
  return allowed;
}

/**
 * Copy `may_act` of the subject token. In an actor token, it names the parties that may act for the actor (RFC 8693
 * §4.4).
 */
function copyMayAct({ may_act: mayAct }: ClaimsByType[DelegableType]): JsonObject {
  return mayAct === undefined ? {} : { may_act: mayAct };
}
