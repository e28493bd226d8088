import { resolve } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import { assertMethod, assertNumber, assertOptions, type KnownOptions } from '../base/options.js';
import { warnOfFailure } from '../base/warn-of-failure.js';
import { watchDirectory } from '../base/watch-directory.js';
import type { Revocations } from '../revocation/revocations.js';
import { ConfigurationError } from './configuration-error.js';
import { LiveApiKeys, type WatchedApiKeys } from './live-api-keys.js';
import {
  API_KEY_OPTIONS,
  type LoadApiKeysOptions,
  loadFirst,
  resolveApiKeyOptions,
} from './load-api-keys.js';

export interface WatchApiKeysOptions extends LoadApiKeysOptions {
  /** How long the directory must have been quiet before it is read again, in milliseconds. Default 100. */
  readonly debounceMs?: number;
  /**
   * How often the files are looked at all the same, in seconds, since file systems of networks tell nothing of what
   * others change; only where one was touched they are read. Default 30.
   */
  readonly reloadSeconds?: number;
  /** Whether SIGHUP makes them be read again; it then no longer ends the process. Default true. */
  readonly sighup?: boolean;
  /**
   * Where keys that were removed, deactivated or expired are revoked, so that resource servers which do not know the
   * files refuse their tokens too. All that share a store of revocations must share one set of API keys. Default: they
   * are refused where the files are known.
   */
  readonly revocations?: Pick<Revocations, 'revoke'>;
  /** Told of files that cannot be used, once until they change again. Default: the audit trail alone is. */
  readonly onRejected?: (error: ConfigurationError) => void;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<WatchApiKeysOptions> = {
  ...API_KEY_OPTIONS,
  debounceMs: true,
  reloadSeconds: true,
  sighup: true,
  revocations: true,
  onRejected: true,
  clock: true,
};

/**
 * Loads all API keys of a directory and follows it. Files that become invalid change nothing: the last good set stays
 * in force until they are mended. What is watched keeps no process alive.
 * @throws ConfigurationError (as rejection) where the files are invalid at the start: there is no last good set.
 * @throws TypeError for an option that is missing or makes no sense.
 */
export async function watchApiKeys(options: WatchApiKeysOptions): Promise<WatchedApiKeys> {
  const settings = resolveWatchOptions(options);
  const first = await loadFirst(settings);
  return new LiveApiKeys({ ...settings, first, follow: (apiKeys) => keepUp(apiKeys, settings) });
}

type Settings = ReturnType<typeof resolveWatchOptions>;

function resolveWatchOptions(options: WatchApiKeysOptions) {
  assertOptions(options, KNOWN, 'watchApiKeys');
  const { debounceMs = 100, reloadSeconds = 30, sighup = true, clock = systemClock } = options;
  const { revocations, onRejected = () => {} } = options;
  assertNumber(debounceMs, 'watchApiKeys', 'debounceMs', { from: 0, to: 60_000, example: 100 });
  assertNumber(reloadSeconds, 'watchApiKeys', 'reloadSeconds', { above: 0, to: 86_400, example: 30 });
  if (typeof onRejected !== 'function') throw new TypeError('onRejected must be a function');
  if (revocations !== undefined) {
    assertMethod(revocations, 'revoke', 'revocations must be Revocations: createRevocations({ stores })');
  }
  const { directory, environment, audit } = resolveApiKeyOptions(options);
  const times = { debounceMs, reloadSeconds };
  return { ...times, sighup, clock, revocations, onRejected, directory, environment, audit };
}

/** What is wrong with the files is on record already. What was touched since they were read is read again. */
function keepUp(apiKeys: LiveApiKeys, settings: Settings): () => void {
  const onChange = (): void => void apiKeys.reload().catch(ignoreRejection);
  const onPoll = (): void => void apiKeys.reloadIfTouched().catch(ignoreRejection);
  const { directory, debounceMs, reloadSeconds: pollSeconds, sighup } = settings;
  const onUnwatchable = (code: string): void => {
    const message = `${resolve(directory)} cannot be watched (${code}); it is looked at every ${pollSeconds} s`;
    process.emitWarning(message, { code: 'PASSPORT_JWE_API_KEYS' });
  };
  const unwatch = watchDirectory({ directory, debounceMs, pollSeconds, onChange, onPoll, onUnwatchable });
  if (sighup) process.on('SIGHUP', onChange);
  onPoll();
  return () => {
    unwatch();
    process.off('SIGHUP', onChange);
  };
}

function ignoreRejection(error: unknown): void {
  if (!(error instanceof ConfigurationError)) warnOfFailedReload(error);
}

const warnOfFailedReload = warnOfFailure('API keys could not be read again', 'PASSPORT_JWE_API_KEYS');
