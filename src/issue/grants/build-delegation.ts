import type { NumericDate } from '../../base/clock.js';
import { InvalidRequestError } from '../../base/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../base/json.js';
import { ALLOWED_CLAIMS, type ClaimsByType, type LineageEntry } from '../../token/claims/claims-set.js';
import type { VerifiedTokenOf } from '../../token/claims/verified-token.js';
import type { IssueRequest } from '../issue-request.js';

/** Types of tokens that stand for somebody who can be acted for; a service speaks for itself alone. */
export const DELEGABLE_TYPES = ['tiered_model_exec', 'function_call', 'api_call', 'delegation'] as const;

type DelegableType = (typeof DELEGABLE_TYPES)[number];

/** A token whose rights can be handed on. */
export type DelegableToken = { [Type in DelegableType]: VerifiedTokenOf<Type> }[DelegableType];

/** Who acts: the client itself, or whom its actor token speaks for. */
export interface Actor {
  readonly subject: string;
  readonly clientId: string;
  /** Default: the client itself acts, which has authenticated. */
  readonly token?: DelegableToken;
}

/** Under which names the token is issued and put on record. */
export type DelegatedIdentity = Pick<
  IssueRequest,
  'subject' | 'subjectAsserted' | 'delegatedFrom' | 'delegatedTo'
>;

/** What follows from the tokens of a token exchange. */
export interface Delegation {
  readonly identity: DelegatedIdentity;
  readonly claims: JsonObject;
  /** It ends with the first of the tokens that it was made of. */
  readonly latestExpiry: NumericDate;
}

/** Longest chain of actors in `act` (RFC 8693 section 4.1). */
const MAX_ACTORS = 4;

/**
 * Builds the claims by which one party acts for another (RFC 8693 section 4.1): `act` names the actor and those
 * before it, `lineage` everything whose revocation ends the token. `may_act` of the subject token binds further hops.
 * @throws InvalidRequestError where the chain of actors would be too long.
 */
export function buildDelegation(subject: DelegableToken, actor: Actor): Delegation {
  const { sub, client_id: clientId, jti, exp } = subject.claims;
  const first = subject.type === 'delegation' ? subject.claims.lineage[0] : subject.claims;
  const act = buildAct(subject, actor);
  if (countActors(act) > MAX_ACTORS) {
    throw new InvalidRequestError(`A token is delegated at most ${MAX_ACTORS} times`, { reason: 'too_deep' });
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

/** Oldest first. */
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

/** An actor is not charged, and carries none. */
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

/** That of an actor token is not copied: it names the parties that may act for the actor (RFC 8693 section 4.4). */
function copyMayAct({ may_act: mayAct }: ClaimsByType[DelegableType]): JsonObject {
  return mayAct === undefined ? {} : { may_act: mayAct };
}
