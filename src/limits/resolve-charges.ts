import type { ApiKey } from '../api-keys/api-key.js';
import type { LineageEntry } from '../token/claims/claims-set.js';
import type { RateLimits, UserLimits } from '../token/claims/rate-limits.js';
import { API_KEY_TYPES } from '../token/claims/token-type-names.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { shortenName } from './shorten-name.js';

/** Bucket to which a request is charged, and its limits. */
export interface Charge {
  /** Name of the bucket. Identities that a client chose are prefixed with the `key_id` of the client. */
  readonly bucket: string;
  /** Prefix of the limit names. It is empty for the limits of the API key that presents the token. */
  readonly prefix: '' | 'user_' | 'subject_' | 'subject_user_';
  readonly limits: UserLimits;
  /** API key or issuer whose users are counted. */
  readonly userOf?: string;
}

/** Source of the limits for API keys and clients. */
export interface LimitLookup {
  /** Find an API key. Its current limits take precedence over the limits in its tokens. */
  findKey(keyId: string): ApiKey | undefined;
  /** Limits for clients of trusted issuers, and for unknown API keys whose tokens contain no limits. */
  readonly defaultLimits: RateLimits;
}

/** Separator between the parts of a name. No identity can contain it. */
const SEPARATOR = '\u0000';

/**
 * List the buckets to which a request with this token is charged, without duplicates: the bucket of the API key and
 * the bucket of its user. A delegated token is also charged to the API keys in its lineage and to their users, but not
 * to actors.
 */
export function resolveCharges(token: VerifiedToken, lookup: LimitLookup): readonly Charge[] {
  const { client_id: clientId, iss, sub } = token.claims;
  if (token.type === 'external') {
    return [chargeOfIssuer(['external', iss, clientId ?? '', sub ?? ''], lookup)];
  }
  if (token.type === 'user') return [chargeOfUser(token, lookup)];
  if (clientId === undefined) return [chargeOfIssuer(['foreign', iss, sub ?? ''], lookup)];
  const own = lookup.findKey(clientId)?.rateLimits ?? claimedLimits(token) ?? lookup.defaultLimits;
  const holder = chargesOf(clientId, userOf(token), { limits: own, prefix: '' });
  if (token.type !== 'delegation') return holder;
  const subjects = token.claims.lineage.flatMap((ancestor) =>
    ancestor.is_actor === true ? [] : chargesOfAncestor(ancestor, lookup),
  );
  return firstOfEachBucket([...holder, ...subjects]);
}

/** Each user of the application has separate limits. Only the issuer signs users in, so `maxUsersPerKey` does not apply. */
function chargeOfUser({ claims }: VerifiedToken<'user'>, { defaultLimits }: LimitLookup): Charge {
  return { bucket: bucketOf('home_user', claims.iss, claims.sub), prefix: '', limits: defaultLimits };
}

/**
 * Build the charge for a token that has no API key. The subjects of its issuer count as users, so `maxUsersPerKey`
 * limits them too.
 */
function chargeOfIssuer(
  [kind, issuer, ...identity]: readonly [string, string, ...string[]],
  { defaultLimits }: LimitLookup,
): Charge {
  const bucket = bucketOf(kind, issuer, ...identity);
  return { bucket, prefix: '', limits: defaultLimits, userOf: join(kind, issuer) };
}

/**
 * Build the charges for a subject in the lineage; the caller skips actors. Only the first subject token can have a user,
 * because later ones are delegated and carry no `sub`.
 */
function chargesOfAncestor(ancestor: LineageEntry, lookup: LimitLookup): readonly Charge[] {
  const { client_id: keyId, sub, rate_limits: claimed } = ancestor;
  const limits = lookup.findKey(keyId)?.rateLimits ?? claimed ?? lookup.defaultLimits;
  return chargesOf(keyId, sub === keyId ? undefined : sub, { limits, prefix: 'subject_' });
}

/**
 * Remove duplicate buckets, because a limit store expects each bucket once per step. An API key can be its own
 * ancestor, for example after a→b→a.
 */
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
  const key: Charge = { bucket: bucketOf('key', keyId), prefix, limits };
  if (user === undefined || limits.per_user === undefined) return [key];
  const bucket = bucketOf('user', keyId, user);
  return [key, { bucket, prefix: `${prefix}user_`, limits: limits.per_user, userOf: keyId }];
}

/** Return the user that the API key asserted. It comes only from the claims, never from other parts of the request. */
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

function bucketOf(...parts: readonly string[]): string {
  return shortenName(join(...parts));
}

function join(...parts: readonly string[]): string {
  return parts.join(SEPARATOR);
}
