const OFFLINE_ACCESS = 'offline_access';

/** A `scope` parameter without `offline_access`, which requests a refresh token. */
export interface RequestedScope {
  readonly isOffline: boolean;
  /** `undefined` if the parameter is missing or is only `offline_access`. */
  readonly scope: string | undefined;
}

/** Separates `offline_access` from the scope: it is not a permission (OpenID Connect Core §11). */
export function readRequestedScope(parameter: string | undefined): RequestedScope {
  const tokens = parameter?.split(' ') ?? [];
  const others = tokens.filter((token) => token !== OFFLINE_ACCESS);
  if (others.length === tokens.length) return { isOffline: false, scope: parameter };
  return { isOffline: true, scope: others.length === 0 ? undefined : others.join(' ') };
}
