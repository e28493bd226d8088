import { LRUCache } from 'lru-cache';
import type { Clock, NumericDate } from '../base/clock.js';
import { deadline } from '../base/deadline.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import type { BoundIssuer } from './bound-issuer.js';
import type { IssuerMatcher } from './trusted-issuer-options.js';

/** Maximum number of cached results. */
const MAX_CACHED = 1000;

/** Time for which a trusted issuer is cached, in seconds. */
const TRUSTED_SECONDS = 300;

/** Time for which an unknown issuer is cached, in seconds. */
const UNKNOWN_SECONDS = 60;

/** Maximum number of calls of the function per second. */
const MAX_CALLS_PER_SECOND = 20;

/** Timeout of the function in milliseconds. */
const TIMEOUT_MS = 2000;

/** Maximum length of `iss` in characters. */
const MAX_ISSUER_LENGTH = 512;

type Bound = BoundIssuer | undefined;

/** Finds the tenant for an unauthenticated `iss`. */
export interface TenantLookup {
  /**
   * Return the issuer, or `undefined` if the function does not trust it.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the function fails, takes too long or is called too often
   */
  find(iss: string): Bound | Promise<Bound>;
  /** Whether the result of an earlier `find()` is still cached. */
  isCurrent(issuer: BoundIssuer): boolean;
}

/**
 * Create a cached, bounded lookup of tenants. Anyone who can encrypt to the public key of the API can name an issuer, so
 * the function is called once for each `iss` and at a limited rate.
 *
 * @param bind creates the rules for a trusted issuer
 */
export function createTenantLookup(
  isTrusted: IssuerMatcher,
  bind: (iss: string) => BoundIssuer,
  clock: Clock,
): TenantLookup {
  const trusted = new LRUCache<string, { readonly issuer: BoundIssuer; readonly until: NumericDate }>({
    max: MAX_CACHED,
  });
  const unknown = new LRUCache<string, NumericDate>({ max: MAX_CACHED });
  const asked = new Map<string, Promise<Bound>>();
  const mayCall = createRateLimit(clock);

  const ask = async (iss: string): Promise<Bound> => {
    if (!(await callMatcher(isTrusted, iss))) {
      unknown.set(iss, clock() + UNKNOWN_SECONDS);
      return undefined;
    }
    const issuer = bindTenant(bind, iss);
    trusted.set(iss, { issuer, until: clock() + TRUSTED_SECONDS });
    return issuer;
  };

  const findCached = (iss: string): BoundIssuer | undefined => {
    const entry = trusted.get(iss);
    return entry !== undefined && entry.until > clock() ? entry.issuer : undefined;
  };

  return {
    find(iss) {
      if (iss.length > MAX_ISSUER_LENGTH) return undefined;
      const known = findCached(iss);
      if (known !== undefined || (unknown.get(iss) ?? 0) > clock()) return known;
      const pending = asked.get(iss);
      if (pending !== undefined) return pending;
      if (!mayCall()) throw unavailable('Too many tokens name unknown issuers');
      const asking = ask(iss).finally(() => asked.delete(iss));
      asked.set(iss, asking);
      return asking;
    },
    isCurrent: (issuer) => findCached(issuer.issuer) === issuer,
  };
}

async function callMatcher(isTrusted: IssuerMatcher, iss: string): Promise<boolean> {
  try {
    const answer = await deadline(Promise.resolve(isTrusted(iss)), TIMEOUT_MS, () => {
      throw new Error(`The function did not return within ${TIMEOUT_MS} ms`);
    });
    if (typeof answer === 'boolean') return answer;
  } catch (cause) {
    throw unavailable('The function issuer of trustedIssuer() failed', cause);
  }
  throw unavailable('The function issuer of trustedIssuer() must return a boolean');
}

/** The function `verification` can fail for an `iss` that the function `issuer` should not have accepted. */
function bindTenant(bind: (iss: string) => BoundIssuer, iss: string): BoundIssuer {
  try {
    return bind(iss);
  } catch (cause) {
    throw unavailable('The function verification of trustedIssuer() failed', cause);
  }
}

function unavailable(reason: string, cause?: unknown): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({ cause: new Error(reason, { cause }) });
}

/** Allow at most `MAX_CALLS_PER_SECOND` calls in each second. */
function createRateLimit(clock: Clock): () => boolean {
  let second = Number.NaN;
  let calls = 0;
  return () => {
    const now = Math.floor(clock());
    if (now !== second) [second, calls] = [now, 0];
    calls += 1;
    return calls <= MAX_CALLS_PER_SECOND;
  };
}
