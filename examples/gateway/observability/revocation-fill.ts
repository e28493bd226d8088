import type { RevocationFill } from 'passport-jwe/stores';

/** Fill ratio from which the gateway reports a warning. */
const WARNING_SHARE = 0.8;

/** Fill ratios of the revocation store, from 0 to 1. */
export interface FillShares {
  /** All entries as a share of `maxRevocations`. At 1, the store folds entries, or rejects new ones if it cannot. */
  readonly store: number;
  /** Entries of the API key with most entries. At 1, its oldest entries are folded into entries with a wider scope. */
  readonly client: number;
}

/** Converts entry counts to fill ratios. Returns 0 if the fill is unknown. */
export function fillShares(fill: RevocationFill | undefined): FillShares {
  if (fill === undefined) return { store: 0, client: 0 };
  const { entries, maxEntries, clientEntries, maxClientEntries } = fill;
  return { store: entries / maxEntries, client: clientEntries / maxClientEntries };
}

/** Returns a warning for each ratio that is nearly 1. Warnings do not affect readiness. */
export function fillWarnings(fill: RevocationFill | undefined): readonly string[] {
  const { store, client } = fillShares(fill);
  return [
    ...(store >= WARNING_SHARE ? ['The revocation store is nearly full: raise maxRevocations'] : []),
    ...(client >= WARNING_SHARE
      ? ['The revocations of an API key are about to be folded: raise maxRevocationsPerClient']
      : []),
  ];
}
