import type { Clock } from '../base/clock.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import type { KeyRing } from '../keys/key-ring.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';
import type { DpopOptions } from '../verify/dpop/dpop-options.js';
import { createDpopVerifier, type DpopVerifier } from '../verify/dpop/dpop-verifier.js';
import { resolveDpop } from '../verify/dpop/resolve-dpop.js';

/**
 * Options of DPoP at the token endpoint (RFC 9449 §5). They have the same meaning as in `authenticate()`. With `mode:
 * 'require'`, every token request needs a proof. Used proofs are always recorded in `stores.replays`.
 */
export type TokenRouterDpopOptions = Omit<DpopOptions, 'replay'>;

const KNOWN: KnownOptions<TokenRouterDpopOptions> = {
  ...{ mode: true, baseUrl: true, algorithms: true, maxAgeSeconds: true, nonce: true },
};

/** Tolerance for clock skew between client and server, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Options of the router on which the proofs depend. */
interface RouterDpopParts {
  readonly dpop?: TokenRouterDpopOptions;
  readonly keyRing: KeyRing;
  readonly stores?: Partial<Pick<Stores, 'replays'>>;
  readonly clock: Clock;
}

/**
 * Create the verifier of the proofs at the token endpoint.
 *
 * @returns `undefined` without the option `dpop`: the header `DPoP` is then ignored
 * @throws TypeError if an option is missing, unknown or malformed
 */
export function createRouterDpop({
  dpop,
  keyRing,
  stores = {},
  clock,
}: RouterDpopParts): DpopVerifier | undefined {
  if (dpop === undefined) return undefined;
  assertOptions(dpop, KNOWN, 'tokenRouter: dpop');
  const { replays } = stores;
  const parts = {
    keyRing: internalsOf(keyRing, 'tokenRouter'),
    clockToleranceSeconds: CLOCK_TOLERANCE_SECONDS,
    status: 400,
    clock,
  } as const;
  const shared = { replays: requireStore(Object({ replays }), 'replays', 'tokenRouter') };
  return createDpopVerifier(resolveDpop({ ...dpop, replay: { stores: shared } }, parts, 'tokenRouter'));
}

/** Describe the option `dpop` for debug lines, without the secret of the nonces. */
export function describeDpop(dpop: TokenRouterDpopOptions | undefined): object | false {
  if (dpop === undefined) return false;
  const { nonce = false, ...others } = dpop;
  return { ...others, nonce: nonce !== false };
}
