import type { Clock } from '../base/clock.js';
import { assertObject } from '../base/options.js';
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

/** Tolerance for clock skew between client and server, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Maximum number of unexpired proofs of a client: a tenth of the store, so that no client fills it for all. */
const PROOFS_PER_CLIENT = 100_000;

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
  assertNoReplay(dpop);
  const { replays } = stores;
  const parts = {
    keyRing: internalsOf(keyRing, 'tokenRouter'),
    clockToleranceSeconds: CLOCK_TOLERANCE_SECONDS,
    status: 400,
    clock,
  } as const;
  const shared = { replays: requireStore(Object({ replays }), 'replays', 'tokenRouter') };
  return createDpopVerifier(
    resolveDpop(
      { ...dpop, replay: { stores: shared, maxProofsPerKey: PROOFS_PER_CLIENT } },
      parts,
      'tokenRouter',
    ),
  );
}

/** Assert that the options do not choose a record of used proofs, which must not be per process at a token endpoint. */
function assertNoReplay(dpop: object): void {
  assertObject(dpop, 'tokenRouter: dpop', '{ mode: "allow", baseUrl: "https://auth.example.com" }');
  if (Object.hasOwn(dpop, 'replay')) {
    throw new TypeError(
      'tokenRouter: dpop.replay is not an option of the token endpoint: set stores.replays, which records used proofs',
    );
  }
}
