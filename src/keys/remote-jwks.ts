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
  /** `https:` URL of the JWK Set of an issuer, its `jwks_uri`; `http:` on loopback only. A redirect is an error. */
  readonly url: string;
  /** `alg` of RSA keys that say none. Default: such keys are left out. */
  readonly rsaAlgorithm?: 'PS256' | 'RS256';
  /** For how long a set is used before it is loaded again, in seconds. Default 600. */
  readonly maxAgeSeconds?: number;
  /** Least time between two loads in seconds, whatever unknown `kid`s tokens name. Default 30. */
  readonly cooldownSeconds?: number;
  /** Longest wait for an answer in milliseconds. Default 5000. */
  readonly timeoutMs?: number;
  /** Where it is put on record that the set cannot be had, or can be had again. Default: nowhere. */
  readonly audit?: AuditTrail;
  /** Default: that of the platform. */
  readonly fetch?: typeof fetch;
  /** Default: the clock of the machine. */
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

/** After a load that failed the next one is due sooner. */
const MAX_COOLDOWN_OF_FAILURE_SECONDS = 5;

type KeysByKid = ReadonlyMap<string, VerificationKey>;

/**
 * Verification keys that an issuer publishes. They are loaded when a token first asks for one. While the set cannot be
 * had, the keys of the last one go on; where there is none, or a token names a key that is not in it, the answer is a
 * 503 and never a verdict on the token. Keys that are weak, malformed or not for signatures on the allow-list are left
 * out.
 * @throws TypeError for an option that is missing or makes no sense.
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

  /** Resolves at once where the last load was only just. */
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
      // No request waits for a server that failed just now, and may be one that does not answer.
      void reload();
      return key;
    },
    exportPublicKeys: () => ({ keys: [...(loaded?.keys.values() ?? [])].map(toVerificationJwk) }),
  });
}

/** Of two keys with one name neither can be meant. Examining an RSA key takes milliseconds: requests go in between. */
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

/** RFC 7517 section 5: keys that we have no use for are ignored. */
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
    throw new TypeError('rsaAlgorithm must be PS256 or RS256');
  }
  if (typeof send !== 'function' || typeof clock !== 'function') {
    throw new TypeError('fetch and clock must be functions');
  }
  assertAuditTrail(audit);
  const url = assertSecureUrl(options.url, 'url');
  return { url, rsaAlgorithm, maxAgeSeconds, cooldownSeconds, timeoutMs, audit, send, clock };
}

/** A query may hold what is not for a log. */
function nameOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
