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

/** Calls within this time in seconds, because clients that receive a 401 run their helper command again. */
const REPEAT_SECONDS = 30;

/** Minimum age in seconds of a token to replace, so that many clients do not cause many requests. */
const MIN_AGE_SECONDS = 60;

/** Time in milliseconds for a request after a wait for other processes. */
const MIN_REQUEST_MS = 500;

/**
 * Obtain a token from the cache or the token endpoint. Concurrent processes share one request. If the endpoint is
 * unavailable, a cached token is used until it expires. A call shortly after the previous one replaces the cached token,
 * because the service has probably rejected it.
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
    if (cached === undefined || cached.requestedAt > io.clock()) return undefined;
    if (cached.receivedAt > startedAt) return cached;
    const isValid = remainingOf(cached, io) >= minValiditySeconds;
    return isValid && !(await isRejected(io, cache, cached)) ? cached : undefined;
  };
  const { found, release } = await acquireLock(`${cache.file}.lock`, TIMEOUT_MS, findFresh).catch(
    (failure: unknown) => {
      io.note(`warning: the token is requested without a lock: ${messageOf(failure)}`);
      return { found: undefined, release: undefined };
    },
  );
  try {
    if (found === undefined) return await renew(io, cache, request);
    await cache.noteUse(io.clock());
    return found;
  } finally {
    await release?.();
  }
}

/** Whether the service has probably rejected a token: the previous call was shortly before this one. */
async function isRejected(io: CommandIo, cache: TokenCacheFile, cached: CachedToken): Promise<boolean> {
  const now = io.clock();
  const since = now - (await cache.lastUse());
  return since >= 0 && since < REPEAT_SECONDS && now - cached.receivedAt > MIN_AGE_SECONDS;
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
