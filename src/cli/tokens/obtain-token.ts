import { TemporarilyUnavailableError } from '../../base/errors.js';
import { messageOf } from '../../base/message-of.js';
import type { CommandIo } from '../command-io.js';
import { acquireLock } from './acquire-lock.js';
import type { CachedToken, TokenCacheFile } from './open-token-cache-file.js';

/** Source of a token, and the condition for a cached token. */
export interface TokenDemand {
  /** Request a new token. */
  request(signal: AbortSignal): Promise<CachedToken>;
  /** `undefined`: each call requests a token. */
  readonly cache: TokenCacheFile | undefined;
  /** Remaining lifetime in seconds that a cached token must have. */
  readonly minValiditySeconds: number;
}

/** Time limit of a call in milliseconds. Codex stops a helper command after five seconds. */
const TIMEOUT_MS = 4000;

/** Time in milliseconds for a request after a wait for other processes. */
const MIN_REQUEST_MS = 500;

/**
 * Obtain a token from the cache or the token endpoint. Concurrent processes share one request. If the endpoint is
 * unavailable, a cached token is used until it expires.
 *
 * @throws TemporarilyUnavailableError (as rejection) if the endpoint is unavailable, and no cached token is valid
 * @throws Error (as rejection) if the endpoint rejects the request
 */
export async function obtainToken(io: CommandIo, demand: TokenDemand): Promise<CachedToken> {
  const endsAt = performance.now() + TIMEOUT_MS;
  const request = (): Promise<CachedToken> =>
    demand.request(AbortSignal.timeout(Math.max(MIN_REQUEST_MS, Math.ceil(endsAt - performance.now()))));
  const { cache, minValiditySeconds } = demand;
  if (cache === undefined) return request();

  const startedAt = io.clock();
  const findFresh = async (): Promise<CachedToken | undefined> => {
    const cached = await cache.read();
    const isNew = cached !== undefined && cached.receivedAt > startedAt;
    return isNew || remainingOf(cached, io) >= minValiditySeconds ? cached : undefined;
  };
  const { found, release } = await acquireLock(`${cache.file}.lock`, TIMEOUT_MS, findFresh).catch(
    (failure: unknown) => {
      io.note(`warning: the token is requested without a lock: ${messageOf(failure)}`);
      return { found: undefined, release: undefined };
    },
  );
  try {
    return found ?? (await renew(io, cache, request));
  } finally {
    await release?.();
  }
}

/** Request a token and cache it. During an outage of the endpoint, return the cached token until it expires. */
async function renew(
  io: CommandIo,
  cache: TokenCacheFile,
  request: () => Promise<CachedToken>,
): Promise<CachedToken> {
  try {
    const token = await request();
    await cache.write(token).catch((failure: unknown) => {
      io.note(`warning: the token was not cached: ${messageOf(failure)}`);
    });
    return token;
  } catch (failure) {
    const cached = failure instanceof TemporarilyUnavailableError ? await cache.read() : undefined;
    if (cached === undefined || remainingOf(cached, io) < 1) throw failure;
    io.note('warning: the token endpoint is unavailable, so the cached token is used until it expires');
    return cached;
  }
}

/** Remaining lifetime in seconds. Zero for a token from the future: the system time was set back. */
function remainingOf(cached: CachedToken | undefined, io: CommandIo): number {
  const now = io.clock();
  return cached === undefined || cached.requestedAt > now ? 0 : cached.expiresAt - now;
}
