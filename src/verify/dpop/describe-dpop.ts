import type { DpopOptions } from './dpop-options.js';

/** Where used proofs are recorded. */
type ReplayRecord = 'in stores' | 'per process';

/**
 * Describe the option `dpop` for debug lines, without the secret of the nonces.
 *
 * @param record where used proofs are recorded. Default: as the option `replay` says
 */
export function describeDpop(
  dpop: DpopOptions | undefined,
  record: ReplayRecord = dpop?.replay?.stores === undefined ? 'per process' : 'in stores',
): object | false {
  if (dpop === undefined) return false;
  const { nonce = false, replay: _, ...others } = dpop;
  return { ...others, nonce: nonce !== false, replays: record };
}
