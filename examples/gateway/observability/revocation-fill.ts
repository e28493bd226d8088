import type { RevocationFill } from 'passport-jwe/stores';

/** Share of a bound from which on there is a warning. */
const WARNING_SHARE = 0.8;

/** How full the store of revocations is, each as a share of its bound. */
export interface FillShares {
  /** Of all entries. Full of entries that cannot be folded, the store rejects further ones. */
  readonly store: number;
  /** Of the API key that has most. At 1 its oldest entries are folded into wider ones. */
  readonly client: number;
}

export function fillShares(fill: RevocationFill | undefined): FillShares {
  if (fill === undefined) return { store: 0, client: 0 };
  const { entries, maxEntries, clientEntries, maxClientEntries } = fill;
  return { store: entries / maxEntries, client: clientEntries / maxClientEntries };
}

/** What operators should know, while the gateway is ready all the same. */
export function fillWarnings(fill: RevocationFill | undefined): readonly string[] {
  const { store, client } = fillShares(fill);
  return [
    ...(store >= WARNING_SHARE ? ['The revocation store is nearly full: raise maxRevocations'] : []),
    ...(client >= WARNING_SHARE
      ? ['The revocations of an API key are about to be folded: raise maxRevocationsPerClient']
      : []),
  ];
}
