import { assertNumber, assertOptions, assertPositiveNumber, type KnownOptions } from '../base/options.js';

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
  assertPositiveNumber(idleSeconds, 'refresh', 'idleSeconds', 2_592_000);
  assertNumber(absoluteSeconds, 'refresh', 'absoluteSeconds', { from: idleSeconds, example: 7_776_000 });
  assertNumber(graceSeconds, 'refresh', 'graceSeconds', { from: 0, to: MAX_GRACE_SECONDS, example: 10 });
  return { idleSeconds, absoluteSeconds, graceSeconds };
}

/** Whoever steals a token may use it within the window; longer than this no lost answer is waited for. */
const MAX_GRACE_SECONDS = 60;
