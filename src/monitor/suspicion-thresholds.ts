import {
  assertNumber,
  assertOptions,
  assertPositiveInteger,
  type KnownOptions,
  type NumberRange,
} from '../base/options.js';
import type { SuspicionKind } from './suspicious-use.js';

export interface CountThreshold {
  /** The number from which on it is suspicious. */
  readonly count: number;
  /** The time in which it is counted, in seconds, up to a day. It slides by a sixth of itself. */
  readonly windowSeconds: number;
}

export interface RateThreshold {
  /** How many times its moving average an API key must come to, more than 1. */
  readonly factor: number;
  /** What it must come to at least within a window, so that small numbers raise no alarm. */
  readonly minCount: number;
  /** Windows with any use that must have gone by first. */
  readonly warmUpWindows: number;
  /** The time in which it is counted, in seconds, up to a day. One such time follows the other. */
  readonly windowSeconds: number;
}

/** By kind of alert. What is left out has its default; `false` looks for nothing of that kind. */
export interface SuspicionThresholds {
  /** Addresses of one token, IPv4 and IPv6 apart, 2 to 16. Default: 5 in 300 s. */
  readonly token_from_many_addresses?: Partial<CountThreshold> | false;
  /** User agents of one token that share no address, 2 to 16. Default: 2 in 300 s. */
  readonly token_from_many_user_agents?: Partial<CountThreshold> | false;
  /** Refresh tokens of one session that came back. Default: 1 in 3600 s. */
  readonly refresh_token_reused?: Partial<CountThreshold> | false;
  /** Refusals of one API key. Default: 60 in 60 s. */
  readonly refusals_of_client?: Partial<CountThreshold> | false;
  /** Refusals from one address. Default: 30 in 60 s. */
  readonly refusals_of_address?: Partial<CountThreshold> | false;
  /** Uses of what is revoked. Default: 5 in 300 s. */
  readonly use_after_revocation?: Partial<CountThreshold> | false;
  /** Tokens issued to an API key, and their uses. Default: 8 times the average and at least 200, in 300 s, after 6. */
  readonly sudden_rate?: Partial<RateThreshold> | false;
}

/** Of each kind that is looked for. */
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

/** Of one token that many addresses and user agents are told apart. */
export const MAX_ORIGINS = 16;

/** @throws TypeError for a kind that there is none of, or a number that makes no sense. */
export function resolveThresholds(options: SuspicionThresholds = {}): ResolvedThresholds {
  assertOptions(options, KNOWN, 'thresholds');
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
  assertOptions(given, KNOWN_COUNT, `thresholds.${kind}`);
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
  assertOptions(given, KNOWN_RATE, 'thresholds.sudden_rate');
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
