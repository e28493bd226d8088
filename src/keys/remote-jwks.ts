import { setImmediate } from 'node:timers/promises';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, type NumericDate, systemClock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { assertOptions, assertPositiveNumber, assertSecureUrl, type KnownOptions } from '../base/options.js';
import { createSingleFlight } from '../base/single-flight.js';
import { fetchJwks } from './fetch-jwks.js';
import type { Jwk } from './jwk.js';
import { toVerificationJwk } from './public-jwk.js';
import { parseVerificationKey, type VerificationKey } from './signature-key.js';
import type { VerificationKeys } from './verification-keys.js';

export interface RemoteJwksOptions {
  /** URL of the issuer's JWK Set (`jwks_uri`): `https:`, or `http:` on loopback. Redirects are rejected. */
  readonly url: string;
  /**
   * Algorithm of RSA keys without `alg`.
   *
   * @default undefined (RSA keys without `alg` are ignored)
   */
  readonly rsaAlgorithm?: 'PS256' | 'RS256';
  /**
   * Maximum age of the loaded set in seconds. An older set is reloaded.
   *
   * @default 600
   */
  readonly maxAgeSeconds?: number;
  /**
   * Minimum time between two loads in seconds, even for tokens with unknown key IDs. After a failed load, at most 5 s.
   *
   * @default 30
   */
  readonly cooldownSeconds?: number;
  /**
   * Timeout of a request in milliseconds.
   *
   * @default 5000
   */
  readonly timeoutMs?: number;
  /**
   * Receives audit events when the set becomes unavailable or available again.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
  /**
   * Function that sends requests.
   *
   * @default the global `fetch`
   */
  readonly fetch?: typeof fetch;
  /**
   * Source of the current time.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<RemoteJwksOptions> = {
  url: true,
  rsaAlgorithm: true,
  maxAgeSeconds: true,
  cooldownSeconds: true,
  timeoutMs: true,
  audit: true,
  fetch: true,
  clock: true,
};

/** Maximum cooldown after a failed load, in seconds. */
const MAX_COOLDOWN_OF_FAILURE_SECONDS = 5;

type KeysByKid = ReadonlyMap<string, VerificationKey>;

/**
 * Create verification keys from an issuer's JWK Set, which is loaded when a token first needs a key. Weak, malformed
 * and unsupported keys are ignored.
 *
 * While the set is unavailable, the last loaded keys remain in use. `find()` throws `TemporarilyUnavailableError` for
 * any key that is not loaded. The middleware then responds with 503 and does not reject the token.
 *
 * @throws TypeError if an option is missing or invalid.
 * @example
 * const keys = remoteJwks({ url: 'https://issuer.example.com/.well-known/jwks.json' });
 * app.use(authenticate({ keyRing, issuer, audience, verification: { [issuer]: keys } }));
 */
export function remoteJwks(options: RemoteJwksOptions): VerificationKeys {
  const { url, rsaAlgorithm, maxAgeSeconds, cooldownSeconds, timeoutMs, audit, send, clock } =
    resolveRemoteJwksOptions(options);
  let loaded: { readonly keys: KeysByKid; readonly at: NumericDate } | undefined;
  let attempted: { readonly at: NumericDate; readonly failure?: unknown } | undefined;

  const isWithin = (seconds: number, since: NumericDate): boolean => {
    const elapsed = clock() - since;
    return elapsed >= 0 && elapsed < seconds;
  };

  const report = (type: 'jwks.reachable' | 'jwks.unreachable'): void => {
    audit.record({ type, source: nameOf(url) }).catch(() => {});
  };

  const loading = createSingleFlight(async (): Promise<void> => {
    const at = clock();
    const failedBefore = attempted?.failure !== undefined;
    attempted = { at, failure: attempted?.failure };
    try {
      const set = await fetchJwks(url, { timeoutMs, fetch: send });
      loaded = { keys: await selectKeys(set, rsaAlgorithm), at };
      attempted = { at };
      if (failedBefore) report('jwks.reachable');
    } catch (failure) {
      attempted = { at, failure };
      if (!failedBefore) report('jwks.unreachable');
    }
  });

  /** Reload the set, unless the last load is within the cooldown. */
  const reload = async (): Promise<void> => {
    const { at, failure } = attempted ?? {};
    const cooldown =
      failure === undefined ? cooldownSeconds : Math.min(cooldownSeconds, MAX_COOLDOWN_OF_FAILURE_SECONDS);
    if (loading.pending === undefined && at !== undefined && isWithin(cooldown, at)) return;
    await loading.run();
  };

  const findAfterReload = async (kid: string): Promise<VerificationKey | undefined> => {
    await reload();
    const key = loaded?.keys.get(kid);
    if (key === undefined && attempted?.failure !== undefined) {
      throw new TemporarilyUnavailableError({ cause: attempted.failure });
    }
    return key;
  };

  return Object.freeze({
    find(kid: string) {
      const key = loaded?.keys.get(kid);
      if (loaded === undefined || key === undefined) return findAfterReload(kid);
      if (isWithin(maxAgeSeconds, loaded.at)) return key;
      if (attempted?.failure === undefined) return findAfterReload(kid);
      // Requests do not wait for a server that has just failed and may hang.
      void reload();
      return key;
    },
    exportPublicKeys: () => ({ keys: [...(loaded?.keys.values() ?? [])].map(toVerificationJwk) }),
  });
}

/**
 * Parse the usable keys. Ignore keys that share a `kid`. Yield between keys, because an RSA key takes milliseconds.
 */
async function selectKeys(
  jwks: readonly unknown[],
  rsaAlgorithm: 'PS256' | 'RS256' | undefined,
): Promise<KeysByKid> {
  const keys: VerificationKey[] = [];
  for (const jwk of jwks) {
    keys.push(...readIfUsable(jwk, rsaAlgorithm));
    await setImmediate();
  }
  const isUnique = ({ kid }: VerificationKey) => keys.filter((other) => other.kid === kid).length === 1;
  return new Map(keys.filter(isUnique).map((key) => [key.kid, key]));
}

/** Parse one key. Return an empty array for unsupported keys, which are ignored (RFC 7517 §5). */
function readIfUsable(jwk: unknown, rsaAlgorithm: 'PS256' | 'RS256' | undefined): readonly VerificationKey[] {
  if (typeof jwk !== 'object' || jwk === null) return [];
  const members: Jwk = { ...jwk };
  const { kty, alg } = members;
  try {
    return [
      parseVerificationKey(kty === 'RSA' && alg === undefined ? { ...members, alg: rsaAlgorithm } : members),
    ];
  } catch (error) {
    if (error instanceof TypeError) return [];
    throw error;
  }
}

function resolveRemoteJwksOptions(options: RemoteJwksOptions) {
  assertOptions(options, KNOWN, 'remoteJwks');
  const { maxAgeSeconds = 600, cooldownSeconds = 30, timeoutMs = 5000, rsaAlgorithm } = options;
  const { audit = noAuditTrail, fetch: send = fetch, clock = systemClock } = options;
  assertPositiveNumber(maxAgeSeconds, 'remoteJwks', 'maxAgeSeconds', 600);
  assertPositiveNumber(cooldownSeconds, 'remoteJwks', 'cooldownSeconds', 30);
  assertPositiveNumber(timeoutMs, 'remoteJwks', 'timeoutMs', 5000);
  if (rsaAlgorithm !== undefined && rsaAlgorithm !== 'PS256' && rsaAlgorithm !== 'RS256') {
    throw new TypeError(
      'remoteJwks: rsaAlgorithm must be "PS256" or "RS256": omit it to ignore RSA keys without alg',
    );
  }
  if (typeof send !== 'function') {
    throw new TypeError('remoteJwks: fetch must be a function, for example globalThis.fetch');
  }
  if (typeof clock !== 'function') {
    throw new TypeError('remoteJwks: clock must be a function, for example () => Date.now() / 1000');
  }
  assertAuditTrail(audit, 'remoteJwks');
  const url = assertSecureUrl(options.url, 'remoteJwks: url');
  return { url, rsaAlgorithm, maxAgeSeconds, cooldownSeconds, timeoutMs, audit, send, clock };
}

/** Format the URL for audit events. Omit the query, which may contain a secret. */
function nameOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
