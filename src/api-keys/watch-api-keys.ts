import { resolve } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import { assertMethod, assertNumber, assertOptions, type KnownOptions } from '../base/options.js';
import { warnOfFailure } from '../base/warn-of-failure.js';
import { watchDirectory } from '../base/watch-directory.js';
import type { Revocations } from '../revocation/revocations-contract.js';
import { ConfigurationError } from './configuration-error.js';
import { LiveApiKeys, type WatchedApiKeys } from './live-api-keys.js';
import {
  API_KEY_OPTIONS,
  type LoadApiKeysOptions,
  loadFirst,
  resolveApiKeyOptions,
} from './load-api-keys.js';

/** Options of `watchApiKeys()`. */
export interface WatchApiKeysOptions extends LoadApiKeysOptions {
  /**
   * Delay between the last file change and the reload in milliseconds, from 0 to 60 000.
   *
   * @default 100
   */
  readonly debounceMs?: number;
  /**
   * Poll interval in seconds, at most 86 400. Polling detects changes on network file systems, which do not report
   * changes by other hosts.
   *
   * @default 30
   */
  readonly reloadSeconds?: number;
  /**
   * Whether `SIGHUP` reloads the files instead of terminating the process.
   *
   * @default true
   */
  readonly sighup?: boolean;
  /**
   * Revokes the tokens of API keys that expire or are removed or deactivated. Resource servers without the files then
   * reject these tokens too. Processes that share a revocation store must have the same API keys.
   *
   * @default undefined (only processes with the files reject the tokens)
   */
  readonly revocations?: Pick<Revocations, 'revoke'>;
  /**
   * Called once for each set of invalid files.
   *
   * @default undefined (only the audit log records invalid files)
   */
  readonly onRejected?: (error: ConfigurationError) => void;
  /**
   * Clock for expiry times and cut-offs.
   *
   * @default the system time
   */
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
 * Load the API keys in a directory and reload them when files change. If the files become invalid, the last valid set
 * remains in use until the files are corrected. Watching does not keep the process alive.
 *
 * @throws ConfigurationError (as rejection) if a file is invalid at the first load.
 * @throws TypeError (as rejection) if an option is missing, unknown or invalid.
 * @example
 * const apiKeys = await watchApiKeys({
 *   directory: 'api-keys',
 *   onRejected: (error) => console.error(error.message),
 * });
 * app.use('/oauth', tokenRouter({ keyRing, issuer, audience, apiKeys }));
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
  if (typeof onRejected !== 'function')
    throw new TypeError(
      'watchApiKeys: onRejected must be a function, for example (error) => console.error(error.message)',
    );
  if (revocations !== undefined) {
    assertMethod(
      revocations,
      'revoke',
      'watchApiKeys: revocations must be Revocations, for example createRevocations({ stores })',
    );
  }
  const { directory, environment, audit } = resolveApiKeyOptions(options, 'watchApiKeys');
  const times = { debounceMs, reloadSeconds };
  return { ...times, sighup, clock, revocations, onRejected, directory, environment, audit };
}

/** Watch the directory until the returned function is called. The first poll detects changes since the first load. */
function keepUp(apiKeys: LiveApiKeys, settings: Settings): () => void {
  const onChange = (): void => void apiKeys.reload().catch(ignoreRejection);
  const onPoll = (): void => void apiKeys.reloadIfTouched().catch(ignoreRejection);
  const { directory, debounceMs, reloadSeconds: pollSeconds, sighup } = settings;
  const onUnwatchable = (code: string): void => {
    const message = `${resolve(directory)} cannot be watched (${code}); it is polled every ${pollSeconds} s`;
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

const warnOfFailedReload = warnOfFailure(
  'watchApiKeys() could not reload the API keys, so the last valid set remains in use',
  'PASSPORT_JWE_API_KEYS',
);
