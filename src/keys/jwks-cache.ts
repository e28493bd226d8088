import type { Clock, NumericDate } from '../base/clock.js';
import { deadline } from '../base/deadline.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { createSingleFlight, type SingleFlight } from '../base/single-flight.js';
import { findOnlyKey } from './find-only-key.js';
import type { ResolvedJwksTuning } from './jwks-tuning.js';
import { toVerificationJwk } from './public-jwk.js';
import { type SelectedJwks, selectJwks } from './select-jwks.js';
import type { VerificationKey } from './signature-key.js';
import type { VerificationKeys } from './verification-keys.js';

export interface JwksCacheOptions extends ResolvedJwksTuning {
  /** Name of the set in audit events. Must not contain a secret. */
  readonly source: string;
  /**
   * Load the keys, unparsed.
   *
   * @param signal aborts the load after `timeoutMs`.
   */
  load(signal: AbortSignal): Promise<readonly unknown[]>;
}

/** Maximum cooldown after a failed load, in seconds. */
const MAX_COOLDOWN_OF_FAILURE_SECONDS = 5;

/** Time after `timeoutMs` for a load to end by its signal, in milliseconds. */
const GRACE_MS = 100;

/** Loaded keys, and the last attempt to load them. */
interface CacheState {
  loaded?: { readonly keys: SelectedJwks; readonly at: NumericDate };
  attempted?: { readonly at: NumericDate; readonly failure?: unknown };
}

/**
 * Create verification keys that are loaded on first use, and reloaded after their maximum age and for unknown keys.
 *
 * While the issuer is unavailable, the last loaded keys remain in use. `find()` throws `TemporarilyUnavailableError`
 * for any key that is not loaded.
 */
export function createJwksCache(options: JwksCacheOptions): VerificationKeys {
  const state: CacheState = {};
  const loading = createSingleFlight(() => loadKeys(state, options));

  const findAfterReload = async (kid: string | undefined, alg: string) => {
    await reload(state, options, loading);
    const key = pick(state, kid, alg);
    if (key === undefined && state.attempted?.failure !== undefined) {
      throw new TemporarilyUnavailableError({ cause: state.attempted.failure });
    }
    return key;
  };

  return Object.freeze({
    find(kid: string | undefined, alg: string) {
      const key = pick(state, kid, alg);
      if (state.loaded === undefined || key === undefined) return findAfterReload(kid, alg);
      if (isWithin(options.maxAgeSeconds, state.loaded.at, options.clock)) return key;
      if (state.attempted?.failure === undefined) return findAfterReload(kid, alg);
      // Requests do not wait for a server that has just failed and may hang.
      void reload(state, options, loading);
      return key;
    },
    exportPublicKeys: () => ({ keys: [...(state.loaded?.keys.byKid.values() ?? [])].map(toVerificationJwk) }),
  });
}

/** Find a loaded key by `kid`, or without `kid`, the only key of the algorithm. */
function pick({ loaded }: CacheState, kid: string | undefined, alg: string): VerificationKey | undefined {
  if (loaded === undefined) return undefined;
  const { byKid } = loaded.keys;
  return kid === undefined ? findOnlyKey(byKid.values(), alg) : byKid.get(kid);
}

/** Reload the set, unless the last load is within the cooldown. */
async function reload(
  { attempted }: CacheState,
  { cooldownSeconds, clock }: JwksCacheOptions,
  loading: SingleFlight<[], void>,
): Promise<void> {
  const cooldown =
    attempted?.failure === undefined
      ? cooldownSeconds
      : Math.min(cooldownSeconds, MAX_COOLDOWN_OF_FAILURE_SECONDS);
  const isCoolingDown = attempted !== undefined && isWithin(cooldown, attempted.at, clock);
  if (loading.pending === undefined && isCoolingDown) return;
  await loading.run();
}

/** Load the set. Keep the loaded keys after a failure, and record the start and end of an outage. */
async function loadKeys(state: CacheState, options: JwksCacheOptions): Promise<void> {
  const { load, timeoutMs, rsaAlgorithm, clock } = options;
  const at = clock();
  const failedBefore = state.attempted?.failure !== undefined;
  state.attempted = { at, failure: state.attempted?.failure };
  try {
    // A load that ignores the signal must not keep later loads waiting.
    const jwks = await deadline(load(AbortSignal.timeout(timeoutMs)), timeoutMs + GRACE_MS, () => {
      throw new Error(`The keys were not loaded within ${timeoutMs} ms`);
    });
    state.loaded = { keys: await selectJwks(jwks, rsaAlgorithm, state.loaded?.keys), at };
    state.attempted = { at };
    if (failedBefore) report('jwks.reachable', options);
  } catch (failure) {
    state.attempted = { at, failure };
    if (!failedBefore) report('jwks.unreachable', options);
  }
}

function report(type: 'jwks.reachable' | 'jwks.unreachable', { audit, source }: JwksCacheOptions): void {
  audit.record({ type, source }).catch(() => {});
}

function isWithin(seconds: number, since: NumericDate, clock: Clock): boolean {
  const elapsed = clock() - since;
  return elapsed >= 0 && elapsed < seconds;
}
