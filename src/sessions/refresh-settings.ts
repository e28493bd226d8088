import { assertNumber, assertOptions, assertPositiveNumber, type KnownOptions } from '../base/options.js';

/** Lifetimes of refresh tokens. */
export interface RefreshSettings {
  /**
   * Idle lifetime in seconds: a refresh token expires if it is not used for this long.
   *
   * @default 2_592_000 (30 days)
   */
  readonly idleSeconds?: number;
  /**
   * Absolute lifetime in seconds: a refresh-token family expires this long after it began.
   *
   * @default 7_776_000 (90 days)
   */
  readonly absoluteSeconds?: number;
  /**
   * Grace window in seconds, 0 to 60: the previous refresh token still yields the live one, for clients that use it
   * twice concurrently or lost the response.
   *
   * @default 10
   */
  readonly graceSeconds?: number;
}

const KNOWN: KnownOptions<RefreshSettings> = { idleSeconds: true, absoluteSeconds: true, graceSeconds: true };

/**
 * Validates the settings and adds the defaults.
 *
 * @param where function that has the option `refresh`, for error messages
 * @throws TypeError if a lifetime is not a positive number, or the grace window is longer than 60 s
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

/** An attacker can use a stolen token within the window, so it only covers the retry of a lost response. */
const MAX_GRACE_SECONDS = 60;
