import type { RevocationFill } from 'passport-jwe/stores';

/** Share of a bound at which a warning is reported. */
const WARNING_SHARE = 0.8;

/** How full the revocation store is, as shares of its bounds. */
export interface FillShares {
  /** All entries. At 1, the store folds entries, and rejects further ones if none can be folded. */
  readonly store: number;
  /** Entries of the API key that has most. At 1, its oldest entries are folded into wider ones. */
  readonly client: number;
}

export function fillShares(fill: RevocationFill | undefined): FillShares {
  if (fill === undefined) return { store: 0, client: 0 };
  const { entries, maxEntries, clientEntries, maxClientEntries } = fill;
  return { store: entries / maxEntries, client: clientEntries / maxClientEntries };
}

/** Returns warnings for operators. They do not affect readiness. */
export function fillWarnings(fill: RevocationFill | undefined): readonly string[] {
  const { store, client } = fillShares(fill);
  return [
    ...(store >= WARNING_SHARE ? ['The revocation store is nearly full: raise maxRevocations'] : []),
    ...(client >= WARNING_SHARE
      ? ['The revocations of an API key are about to be folded: raise maxRevocationsPerClient']
      : []),
  ];
}
