import { assertNumber, assertOptions, assertPositiveNumber, type KnownOptions } from '../base/options.js';

/** Lifetimes and grace window of refresh tokens. */
export interface RefreshSettings {
  /**
   * Idle lifetime in seconds. A refresh token expires if it is not used within this time.
   *
   * @default 2_592_000 (30 days)
   */
  readonly idleSeconds?: number;
  /**
   * Absolute lifetime of a refresh-token family in seconds, at least `idleSeconds`. It is measured from the first
   * refresh token.
   *
   * @default 7_776_000 (90 days)
   */
  readonly absoluteSeconds?: number;
  /**
   * Grace window in seconds, 0 to 60. Within it, a repeated request with the previous refresh token returns the current
   * one. It covers lost responses and concurrent requests.
   *
   * @default 10
   */
  readonly graceSeconds?: number;
}

const KNOWN: KnownOptions<RefreshSettings> = { idleSeconds: true, absoluteSeconds: true, graceSeconds: true };

/**
 * Validate the settings and add the defaults.
 *
 * @param where function that has the option `refresh`, for error messages
 * @throws TypeError if a setting is unknown or out of range
 */
export function resolveRefreshSettings(settings: RefreshSettings, where: string): Required<RefreshSettings> {
  assertOptions(settings, KNOWN, `${where}: refresh`);
  const { idleSeconds = 2_592_000, absoluteSeconds = 7_776_000, graceSeconds = 10 } = settings;
  assertPositiveNumber(idleSeconds, where, 'refresh.idleSeconds', 2_592_000);
  const graceRange = { from: 0, to: MAX_GRACE_SECONDS, example: 10 };
  assertNumber(absoluteSeconds, where, 'refresh.absoluteSeconds', {
    from: idleSeconds,
    example: 7_776_000,
  });
  assertNumber(graceSeconds, where, 'refresh.graceSeconds', graceRange);
  return { idleSeconds, absoluteSeconds, graceSeconds };
}

/**
 * Maximum grace window in seconds. An attacker can reuse a stolen token within it, so it covers only the retry of a
 * lost response.
 */
const MAX_GRACE_SECONDS = 60;
