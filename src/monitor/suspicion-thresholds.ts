import {
  assertNumber,
  assertOptions,
  assertPositiveInteger,
  type KnownOptions,
  type NumberRange,
} from '../base/options.js';
import type { SuspicionKind } from './suspicious-use.js';

/** Threshold for a count within a sliding window. */
export interface CountThreshold {
  /** Lowest count that raises an alert. */
  readonly count: number;
  /** Length of the window in seconds, 1 to 86_400 (one day). The window slides in steps of a sixth of its length. */
  readonly windowSeconds: number;
}

/** Threshold for a rate relative to its moving average. */
export interface RateThreshold {
  /** Lowest multiple of the moving average that raises an alert, greater than 1. */
  readonly factor: number;
  /** Lowest count within a window that raises an alert. It prevents alerts for small numbers. */
  readonly minCount: number;
  /** Number of windows with at least one use before the first alert. */
  readonly warmUpWindows: number;
  /** Length of a window in seconds, 1 to 86_400 (one day). Windows do not overlap. */
  readonly windowSeconds: number;
}

/** Thresholds by kind of alert. `false` disables a kind. */
export interface SuspicionThresholds {
  /**
   * Number of client addresses that send one token, 2 to 16. IPv4 and IPv6 are counted separately.
   *
   * @default { count: 5, windowSeconds: 300 }
   */
  readonly token_from_many_addresses?: Partial<CountThreshold> | false;
  /**
   * Number of user agents that send one token and share no address, 2 to 16.
   *
   * @default { count: 2, windowSeconds: 300 }
   */
  readonly token_from_many_user_agents?: Partial<CountThreshold> | false;
  /**
   * Number of reused refresh tokens per session.
   *
   * @default { count: 1, windowSeconds: 3600 }
   */
  readonly refresh_token_reused?: Partial<CountThreshold> | false;
  /**
   * Number of rejected requests per API key.
   *
   * @default { count: 60, windowSeconds: 60 }
   */
  readonly refusals_of_client?: Partial<CountThreshold> | false;
  /**
   * Number of rejected requests per client address.
   *
   * @default { count: 30, windowSeconds: 60 }
   */
  readonly refusals_of_address?: Partial<CountThreshold> | false;
  /**
   * Number of uses of a revoked token, or of a token whose API key is inactive.
   *
   * @default { count: 5, windowSeconds: 300 }
   */
  readonly use_after_revocation?: Partial<CountThreshold> | false;
  /**
   * Rate of tokens issued to an API key, or of uses of its tokens.
   *
   * @default { factor: 8, minCount: 200, warmUpWindows: 6, windowSeconds: 300 }
   */
  readonly sudden_rate?: Partial<RateThreshold> | false;
}

/** Thresholds with their defaults. Disabled kinds are `undefined`. */
export type ResolvedThresholds = {
  readonly [Kind in SuspicionKind]: (Kind extends 'sudden_rate' ? RateThreshold : CountThreshold) | undefined;
};

const DEFAULTS = {
  token_from_many_addresses: { count: 5, windowSeconds: 300 },
  token_from_many_user_agents: { count: 2, windowSeconds: 300 },
  refresh_token_reused: { count: 1, windowSeconds: 3600 },
  refusals_of_client: { count: 60, windowSeconds: 60 },
  refusals_of_address: { count: 30, windowSeconds: 60 },
  use_after_revocation: { count: 5, windowSeconds: 300 },
  sudden_rate: { factor: 8, minCount: 200, warmUpWindows: 6, windowSeconds: 300 },
} as const;

const KNOWN: KnownOptions<SuspicionThresholds> = {
  token_from_many_addresses: true,
  token_from_many_user_agents: true,
  refresh_token_reused: true,
  refusals_of_client: true,
  refusals_of_address: true,
  use_after_revocation: true,
  sudden_rate: true,
};
const KNOWN_COUNT: KnownOptions<CountThreshold> = { count: true, windowSeconds: true };
const KNOWN_RATE: KnownOptions<RateThreshold> = {
  factor: true,
  minCount: true,
  warmUpWindows: true,
  windowSeconds: true,
};

const MAX_WINDOW_SECONDS = 86_400;

/** Maximum number of address and user agent pairs that are tracked per token. */
export const MAX_ORIGINS = 16;

/**
 * Validate the thresholds and add the defaults.
 *
 * @throws TypeError if a kind is unknown or a number is out of range
 */
export function resolveThresholds(options: SuspicionThresholds = {}): ResolvedThresholds {
  assertOptions(options, KNOWN, 'createMonitor: thresholds');
  const sharing = { isInteger: true, from: 2, to: MAX_ORIGINS };
  return Object.freeze({
    token_from_many_addresses: resolveCount(options, 'token_from_many_addresses', sharing),
    token_from_many_user_agents: resolveCount(options, 'token_from_many_user_agents', sharing),
    refresh_token_reused: resolveCount(options, 'refresh_token_reused'),
    refusals_of_client: resolveCount(options, 'refusals_of_client'),
    refusals_of_address: resolveCount(options, 'refusals_of_address'),
    use_after_revocation: resolveCount(options, 'use_after_revocation'),
    sudden_rate: resolveRate(options.sudden_rate),
  });
}

const ANY_COUNT: NumberRange = { isInteger: true, from: 1 };

function resolveCount(
  options: SuspicionThresholds,
  kind: Exclude<SuspicionKind, 'sudden_rate'>,
  range = ANY_COUNT,
): CountThreshold | undefined {
  const { [kind]: given = {} } = options;
  if (given === false) return undefined;
  assertOptions(given, KNOWN_COUNT, `createMonitor: thresholds.${kind}`);
  const { count, windowSeconds } = { ...DEFAULTS[kind], ...given };
  assertNumber(count, 'createMonitor', `thresholds.${kind}.count`, {
    ...range,
    example: DEFAULTS[kind].count,
  });
  assertWindow(windowSeconds, kind);
  return { count, windowSeconds };
}

function resolveRate(given: SuspicionThresholds['sudden_rate'] = {}): RateThreshold | undefined {
  if (given === false) return undefined;
  assertOptions(given, KNOWN_RATE, 'createMonitor: thresholds.sudden_rate');
  const threshold = { ...DEFAULTS.sudden_rate, ...given };
  const { factor, minCount, warmUpWindows } = threshold;
  const example = DEFAULTS.sudden_rate;
  assertNumber(factor, 'createMonitor', 'thresholds.sudden_rate.factor', {
    above: 1,
    example: example.factor,
  });
  assertPositiveInteger(minCount, 'createMonitor', 'thresholds.sudden_rate.minCount', example.minCount);
  assertPositiveInteger(
    warmUpWindows,
    'createMonitor',
    'thresholds.sudden_rate.warmUpWindows',
    example.warmUpWindows,
  );
  assertWindow(threshold.windowSeconds, 'sudden_rate');
  return threshold;
}

function assertWindow(value: number, kind: SuspicionKind): void {
  assertNumber(value, 'createMonitor', `thresholds.${kind}.windowSeconds`, {
    isInteger: true,
    from: 1,
    to: MAX_WINDOW_SECONDS,
  });
}
