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

/** Time for which an expired result remains in use while the function fails, in seconds. */
const STALE_SECONDS = 900;

/** Time until the function is called again after a failure, in seconds. */
const RETRY_SECONDS = 10;

/** Time for which an unknown issuer is cached, in seconds. */
const UNKNOWN_SECONDS = 60;

/** Maximum number of calls of the function per second for unknown issuers. */
const MAX_CALLS_PER_SECOND = 20;

/** Timeout of the function in milliseconds. */
const TIMEOUT_MS = 2000;

/** Issuers that the function is asked for: at most 512 characters, without control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern excludes control characters.
const POSSIBLE_ISSUER = /^[^\u0000-\u001f\u007f]{1,512}$/;

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

/** A tenant that the function trusts. The rules and keys remain the same when the result is refreshed. */
interface Tenant {
  readonly issuer: BoundIssuer;
  /** Time of the last result. */
  since: NumericDate;
  /** Time from which the function is called again. */
  until: NumericDate;
}

/**
 * Create a cached, bounded lookup of tenants. Anyone who can encrypt to the public key of the API can name an issuer, so
 * the function is called once for each `iss`, and for unknown issuers at a limited rate. While the function fails, known
 * tenants remain trusted for 15 minutes.
 *
 * @param bind creates the rules for a trusted issuer
 */
export function createTenantLookup(
  isTrusted: IssuerMatcher,
  bind: (iss: string) => BoundIssuer,
  clock: Clock,
): TenantLookup {
  const trusted = new LRUCache<string, Tenant>({ max: MAX_CACHED });
  const unknown = new LRUCache<string, NumericDate>({ max: MAX_CACHED });
  const asked = new Map<string, Promise<Bound>>();
  const mayCall = createRateLimit(clock);

  const remember = (tenant: Tenant): BoundIssuer => {
    tenant.since = clock();
    tenant.until = tenant.since + TRUSTED_SECONDS;
    trusted.set(tenant.issuer.issuer, tenant);
    return tenant.issuer;
  };
  const forget = (iss: string): undefined => {
    trusted.delete(iss);
    unknown.set(iss, clock() + UNKNOWN_SECONDS);
  };

  const ask = async (iss: string): Promise<Bound> => {
    if (!(await callMatcher(isTrusted, iss))) return forget(iss);
    return remember({ issuer: bindTenant(bind, iss), since: 0, until: 0 });
  };
  const refresh = async (iss: string, tenant: Tenant): Promise<Bound> => {
    try {
      return (await callMatcher(isTrusted, iss)) ? remember(tenant) : forget(iss);
    } catch (failure) {
      if (!(clock() < tenant.since + TRUSTED_SECONDS + STALE_SECONDS)) throw failure;
      tenant.until = clock() + RETRY_SECONDS;
      return tenant.issuer;
    }
  };
  const askOnce = (iss: string, call: () => Promise<Bound>): Promise<Bound> => {
    const pending = asked.get(iss) ?? call().finally(() => asked.delete(iss));
    asked.set(iss, pending);
    return pending;
  };

  return {
    find(iss) {
      if (!POSSIBLE_ISSUER.test(iss)) return undefined;
      const tenant = trusted.get(iss);
      if (tenant !== undefined) {
        return tenant.until > clock() ? tenant.issuer : askOnce(iss, () => refresh(iss, tenant));
      }
      if ((unknown.get(iss) ?? 0) > clock()) return undefined;
      // The budget is for unknown issuers only, so that they cannot delay known tenants.
      if (!asked.has(iss) && !mayCall()) throw unavailable('Too many tokens name unknown issuers');
      return askOnce(iss, () => ask(iss));
    },
    isCurrent(issuer) {
      const tenant = trusted.get(issuer.issuer);
      return tenant?.issuer === issuer && tenant.until > clock();
    },
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
