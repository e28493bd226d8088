import type { ApiKey } from '../api-keys/api-key.js';
import type { LineageEntry, RateLimits, UserLimits } from '../token/claims/claims-set.js';
import { API_KEY_TYPES } from '../token/claims/claims-set.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';

/** Somebody whose limits a request counts against. */
export interface Charge {
  /** Names the bucket; identities that a client chose stand behind its `key_id`. */
  readonly bucket: string;
  /** What its limits are called before their own names; empty for those of the key that presents the token. */
  readonly prefix: '' | 'user_' | 'subject_' | 'subject_user_';
  readonly limits: UserLimits;
  /** The key, or the issuer, whose users are counted. */
  readonly userOf?: string;
}

/** How the limits of an API key are found. */
export interface LimitLookup {
  /** The API key as it is configured now; its limits beat those in older tokens. */
  findKey(keyId: string): ApiKey | undefined;
  /** Limits of a key that is not configured here and whose token names none, and of each client of a trusted issuer. */
  readonly defaultLimits: RateLimits;
}

/** A character that no identity may hold keeps the parts of a name apart. */
const SEPARATOR = '\u0000';

/**
 * Lists the buckets that a request with this token is charged to, each bucket once: those of its API key and the user
 * of that key. A delegated token is also charged to the keys in its lineage and to the users they assert, but not to
 * actors.
 */
export function resolveCharges(token: VerifiedToken, lookup: LimitLookup): readonly Charge[] {
  const { client_id: clientId, iss, sub } = token.claims;
  if (token.type === 'external') {
    return [chargeOfIssuer(['external', iss, clientId ?? '', sub ?? ''], lookup)];
  }
  if (clientId === undefined) return [chargeOfIssuer(['foreign', iss, sub ?? ''], lookup)];
  const own = lookup.findKey(clientId)?.rateLimits ?? claimedLimits(token) ?? lookup.defaultLimits;
  const holder = chargesOf(clientId, userOf(token), { limits: own, prefix: '' });
  if (token.type !== 'delegation') return holder;
  const subjects = token.claims.lineage.flatMap((ancestor) =>
    ancestor.is_actor === true ? [] : chargesOfAncestor(ancestor, lookup),
  );
  return firstOfEachBucket([...holder, ...subjects]);
}

/** The subjects of one issuer are counted as the users of one key are: only so many at a time. */
function chargeOfIssuer(
  [kind, issuer, ...identity]: readonly [string, string, ...string[]],
  { defaultLimits }: LimitLookup,
): Charge {
  const bucket = join(kind, issuer, ...identity);
  return { bucket, prefix: '', limits: defaultLimits, userOf: join(kind, issuer) };
}

/** Only the first ancestor has a user: the tokens after it are delegated from it and name no subject of their own. */
function chargesOfAncestor(ancestor: LineageEntry, lookup: LimitLookup): readonly Charge[] {
  const { client_id: keyId, sub, rate_limits: claimed } = ancestor;
  const limits = lookup.findKey(keyId)?.rateLimits ?? claimed ?? lookup.defaultLimits;
  return chargesOf(keyId, sub === keyId ? undefined : sub, { limits, prefix: 'subject_' });
}

/** A key can be its own ancestor, for example after a→b→a. A limit store must not get one bucket twice in a step. */
function firstOfEachBucket(charges: readonly Charge[]): readonly Charge[] {
  const byBucket = new Map<string, Charge>();
  for (const charge of charges) {
    if (!byBucket.has(charge.bucket)) byBucket.set(charge.bucket, charge);
  }
  return [...byBucket.values()];
}

interface Terms {
  readonly limits: RateLimits;
  readonly prefix: '' | 'subject_';
}

function chargesOf(keyId: string, user: string | undefined, { limits, prefix }: Terms): readonly Charge[] {
  const key: Charge = { bucket: join('key', keyId), prefix, limits };
  if (user === undefined || limits.per_user === undefined) return [key];
  const bucket = join('user', keyId, user);
  return [key, { bucket, prefix: `${prefix}user_`, limits: limits.per_user, userOf: keyId }];
}

/** The user whom the key asserted: from the claims, never from what a request says beside them. */
function userOf({ type, claims }: VerifiedToken): string | undefined {
  const isOfKey = API_KEY_TYPES.some((keyType) => keyType === type);
  return isOfKey && claims.sub !== claims.client_id ? claims.sub : undefined;
}

function claimedLimits(token: VerifiedToken): RateLimits | undefined {
  switch (token.type) {
    case 'tiered_model_exec':
    case 'function_call':
    case 'api_call':
    case 'delegation':
      return token.claims.rate_limits;
    default:
      return undefined;
  }
}

function join(...parts: readonly string[]): string {
  return parts.join(SEPARATOR);
}
