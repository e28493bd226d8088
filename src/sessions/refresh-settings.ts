import { assertOptions, type KnownOptions } from '../base/options.js';

export interface RefreshSettings {
  /** A refresh token that is not used for so long is over, in seconds. Default 2 592 000, 30 days. */
  readonly idleSeconds?: number;
  /** A family is over after so long however often it is used, in seconds. Default 7 776 000, 90 days. */
  readonly absoluteSeconds?: number;
  /**
   * How long the token before the live one still yields that, in seconds, for clients that use it twice at once or
   * lost the answer. Default 10.
   */
  readonly graceSeconds?: number;
}

const KNOWN: KnownOptions<RefreshSettings> = { idleSeconds: true, absoluteSeconds: true, graceSeconds: true };

/** @throws TypeError for a lifetime that is no positive number, or a grace window of more than a minute. */
export function resolveRefreshSettings(settings: RefreshSettings): Required<RefreshSettings> {
  assertOptions(settings, KNOWN, 'refresh');
  const { idleSeconds = 2_592_000, absoluteSeconds = 7_776_000, graceSeconds = 10 } = settings;
  if (!(idleSeconds > 0 && absoluteSeconds >= idleSeconds && Number.isFinite(absoluteSeconds))) {
    throw new TypeError('idleSeconds must be positive, and absoluteSeconds at least as much');
  }
  if (!(graceSeconds >= 0 && graceSeconds <= MAX_GRACE_SECONDS)) {
    throw new TypeError(`graceSeconds must be from 0 to ${MAX_GRACE_SECONDS}`);
  }
  return { idleSeconds, absoluteSeconds, graceSeconds };
}

/** Whoever steals a token may use it within the window; longer than this no lost answer is waited for. */
const MAX_GRACE_SECONDS = 60;
