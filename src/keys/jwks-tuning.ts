import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type Clock, systemClock } from '../base/clock.js';
import { assertPositiveNumber, type KnownOptions } from '../base/options.js';
import { RSA_ALGORITHMS, type RsaSignatureAlgorithm } from './select-jwks.js';

/** Options for loading the JWK Set of an issuer. */
export interface JwksTuning {
  /**
   * Algorithm of RSA keys without `alg`: `RS256`, `RS384`, `RS512`, `PS256`, `PS384` or `PS512`.
   *
   * @default undefined (RSA keys without `alg` are ignored)
   */
  readonly rsaAlgorithm?: RsaSignatureAlgorithm;
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
   * Timeout of a load in milliseconds.
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
   * Source of the current time.
   *
   * @default the system clock
   */
  readonly clock?: Clock;
}

/** Names of the options, for `assertOptions()`. */
export const TUNING: KnownOptions<JwksTuning> = {
  rsaAlgorithm: true,
  maxAgeSeconds: true,
  cooldownSeconds: true,
  timeoutMs: true,
  audit: true,
  clock: true,
};

/** Validated options with their defaults. */
export interface ResolvedJwksTuning extends Required<Omit<JwksTuning, 'rsaAlgorithm'>> {
  readonly rsaAlgorithm: RsaSignatureAlgorithm | undefined;
}

/**
 * Validate the options, and apply the defaults.
 *
 * @param where function for the error messages.
 * @throws TypeError if an option is invalid.
 */
export function resolveJwksTuning(options: JwksTuning, where: string): ResolvedJwksTuning {
  const { maxAgeSeconds = 600, cooldownSeconds = 30, timeoutMs = 5000, rsaAlgorithm } = options;
  const { audit = noAuditTrail, clock = systemClock } = options;
  assertPositiveNumber(maxAgeSeconds, where, 'maxAgeSeconds', 600);
  assertPositiveNumber(cooldownSeconds, where, 'cooldownSeconds', 30);
  assertPositiveNumber(timeoutMs, where, 'timeoutMs', 5000);
  if (rsaAlgorithm !== undefined && !RSA_ALGORITHMS.includes(rsaAlgorithm)) {
    throw new TypeError(
      `${where}: rsaAlgorithm must be one of ${RSA_ALGORITHMS.join(', ')}: omit it to ignore RSA keys without alg`,
    );
  }
  if (typeof clock !== 'function') {
    throw new TypeError(`${where}: clock must be a function, for example () => Date.now() / 1000`);
  }
  assertAuditTrail(audit, where);
  return { rsaAlgorithm, maxAgeSeconds, cooldownSeconds, timeoutMs, audit, clock };
}
